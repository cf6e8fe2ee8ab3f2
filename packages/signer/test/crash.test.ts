import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { slashablePairs } from './crash/audit.ts';
import { KEYS } from './crash/keys.ts';
import { killAgainAndAgain, type Lives } from './crash/lives.ts';
import { startPostgres } from './crash/postgres.ts';

const SEED = Number(process.env.HOLDFAST_CRASH_SEED ?? 3);
const DEEP = process.env.HOLDFAST_DEEP === '1';
const dir = mkdtempSync(join(tmpdir(), 'holdfast-crash-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const tell = (what: string, { kills, released, refused, lost }: Lives): void =>
  console.log(
    `${what}: ${kills} kills, ${released.length} signatures out, ${refused} refused, ${lost} lost (HOLDFAST_CRASH_SEED=${SEED})`,
  );

describe('a signer that is killed while it is asked to double-sign', () => {
  it('lets no two conflicting signatures out, over 300 lives', { timeout: 600_000 }, async () => {
    const lanes = [0, 1];
    const rounds = DEEP ? 1500 : 150;
    const all = await Promise.all(
      lanes.map((lane) =>
        killAgainAndAgain({ signers: [['sqlite', join(dir, `${lane}.sqlite`)]], rounds, seed: SEED + lane }),
      ),
    );
    for (const lives of all) {
      tell('sqlite', lives);
      expect(lives.slashable).toEqual([]);
      // There was something to get wrong: signatures left, conflicts were asked for, answers were cut off.
      expect(lives.released.length).toBeGreaterThan(rounds / 2);
      expect(lives.refused).toBeGreaterThan(rounds);
    }
    expect(all.reduce((total, { kills }) => total + kills, 0)).toBeGreaterThanOrEqual(300);
  });

  it('lets none out of two signers on one PostgreSQL, killed again and again', { timeout: 600_000 }, async ({
    skip,
  }) => {
    const postgres = await startPostgres();
    if (!postgres) return skip();
    try {
      const signer = ['postgres', postgres.url] as const;
      const rounds = DEEP ? 300 : 15;
      const lives = await killAgainAndAgain({ signers: [signer, signer], rounds, seed: SEED });
      tell('two on PostgreSQL', lives);
      expect(lives.slashable).toEqual([]);
      expect(lives.released.length).toBeGreaterThan(rounds / 2);
      expect(lives.refused).toBeGreaterThan(rounds);
    } finally {
      await postgres.stop();
    }
  });

  it('would be caught if it forgot: what is not on disk is signed twice', { timeout: 120_000 }, async () => {
    const lives = await killAgainAndAgain({ signers: [['forgetful', dir]], rounds: 6, seed: SEED });
    tell('forgetful mutant', lives);
    expect(lives.slashable.length).toBeGreaterThan(0);
  });
});

describe('the audit', () => {
  const { pubkey } = KEYS[0]!;
  const vote = (source: number, target: number, variant = 0) =>
    ({ kind: 'attestation', pubkey, source, target, variant }) as const;
  const block = (slot: number, variant = 0) => ({ kind: 'block', pubkey, slot, variant }) as const;

  it('sees doubles and both surrounds, and no repeats', () => {
    expect(slashablePairs([vote(1, 5), vote(1, 5), vote(5, 6), block(9), block(9), block(10)])).toEqual([]);
    expect(slashablePairs([vote(1, 5), vote(1, 5, 1)])).toHaveLength(1);
    expect(slashablePairs([vote(1, 5), vote(2, 4)])).toHaveLength(1);
    expect(slashablePairs([vote(2, 4), vote(1, 5)])).toHaveLength(1);
    expect(slashablePairs([block(9), block(9, 1)])).toHaveLength(1);
  });
});
