import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteProtection } from '../src/sqlite/open.ts';
import { GENESIS } from './support/inline.ts';
import { pubkeyOf, rootOf } from './support/model.ts';
import { databases } from './support/sqlite.ts';

const path = databases();
const ROUNDS = process.env.HOLDFAST_DEEP === '1' ? 300 : 5;
const SEED = 7_070;

/** Starts the child, kills it a random time after it is ready, and gives what it had told by then. */
function killedAfter(file: string, seed: number, afterMs: number, ...mode: 'early'[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        join(import.meta.dirname, 'support/crash-child.ts'),
        file,
        String(seed),
        ...mode,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [told, complaints]: [string[], string[]] = [[], []];
    let armed = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told.push(text);
      if (armed) return;
      armed = true;
      setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
    child.once('close', (_code, signal) => {
      // A line that the kill has cut was not told.
      const lines = told.join('').split('\n').slice(0, -1);
      if (signal === 'SIGKILL') resolve(lines.filter((line) => line !== 'ready'));
      else reject(new Error(`the child ended by itself: ${complaints.join('')}`));
    });
  });
}

/** What is stored, in the words of the child. */
async function stored(file: string): Promise<Set<string>> {
  const store = await openSqliteProtection({ path: file, genesisValidatorsRoot: GENESIS });
  try {
    expect(await store.integrity()).toMatchObject({ ok: true });
    const roots = new Map([0, 1, 2].map((root) => [rootOf(root), root]));
    const words = (await store.export()).data.flatMap(({ pubkey, signed_blocks, signed_attestations }) => {
      const key = Array.from({ length: 8 }, (_, index) => index).find((index) => pubkeyOf(index) === pubkey);
      return [
        ...signed_blocks.map((block) => `block ${key} ${block.slot} ${roots.get(block.signing_root!)}`),
        ...signed_attestations.map(
          (vote) => `attestation ${key} ${vote.source_epoch} ${vote.target_epoch} ${roots.get(vote.signing_root!)}`,
        ),
      ];
    });
    return new Set(words);
  } finally {
    await store.close();
  }
}

/** Two of one slot, or of one target: what the database's own check of itself would not see if it had forgotten one. */
function doubles(told: ReadonlySet<string>): string[] {
  const byPlace = Map.groupBy(told, (words) => {
    const [kind, key, ...numbers] = words.split(' ');
    return `${kind} ${key} ${kind === 'block' ? numbers[0] : numbers[1]}`;
  });
  return [...byPlace].filter(([, all]) => all.length > 1).map(([place, all]) => `${place}: ${all.join(', ')}`);
}

describe('killed at any instant', () => {
  it(`${ROUNDS} times: whatever was allowed is stored, and nothing conflicts (seed ${SEED})`, async () => {
    const file = path();
    const told = new Set<string>();
    let state = SEED;
    for (let round = 0; round < ROUNDS; round += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const lines = await killedAfter(file, state, Math.floor((state / 2 ** 32) * 250));
      for (const line of lines) told.add(line);
      const kept = await stored(file);
      expect([...told].filter((line) => !kept.has(line))).toEqual([]);
    }
    expect(doubles(told)).toEqual([]);
    expect(told.size).toBeGreaterThan(ROUNDS);
  }, 600_000);

  it('is noticed where something is told before it is allowed', async () => {
    const file = path();
    const told = new Set(await killedAfter(file, SEED, 100, 'early'));
    const kept = await stored(file);
    expect([...told].some((line) => !kept.has(line))).toBe(true);
    expect(doubles(told)).not.toEqual([]);
  });
});
