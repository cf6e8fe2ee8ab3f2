// Ceremonies with up to f liars that drop, change, repeat and delay what they send by chance. Honest nodes always end,
// agree, and hold shares that sign. A failing seed is printed; HOLDFAST_SEED=… plays it alone.
import { describe, expect, it } from 'vitest';
import { planCeremony } from '../src/dkg/plan.ts';
import { verifyLock } from '../src/lock/verify.ts';
import { partialSign } from '../src/threshold/partial.ts';
import { recoverVerified } from '../src/threshold/recover.ts';
import { type Lie, membersOf, play } from './support/ceremony.ts';
import { all, flipped, says } from './support/liars.ts';
import { sample, seededBytes, seededNumbers } from './support/random.ts';

const root = seededBytes('root')(32);
const runs = process.env.HOLDFAST_DEEP === '1' ? 400 : 12;
const only = process.env.HOLDFAST_SEED;
const seeds = only ? [only] : Array.from({ length: runs }, (_, i) => `ceremony ${i}`);

function lieOf(seed: string, members: ReturnType<typeof membersOf>, party: number): Lie {
  const below = seededNumbers(`${seed} lie ${party}`);
  const random = seededBytes(`${seed} noise ${party}`);
  const identity = members.identities[party - 1]!;
  const often = 2 + below(6);
  const words = (['deal', 'complain', 'justify'] as const).map((phase) =>
    says({ members }, identity, phase, (payload) => {
      const what = below(often);
      if (what === 0) return undefined;
      if (what === 1 && payload.length > 0) return flipped(payload, below(payload.length));
      return what === 2 ? random(below(payload.length + 2)) : payload;
    }),
  );
  const other: Lie = (message) => {
    const what = below(often);
    if (what === 0) return [];
    if (what === 1) return [message, message];
    if (what === 2 && message.kind === 'shares') return [{ ...message, shares: message.shares.map(() => random(32)) }];
    if (what === 2 && message.kind === 'confirm') return [{ ...message, transcriptHash: random(32) }];
    if (what === 2 && message.kind === 'seal') return [{ ...message, signature: random(96) }];
    if (what === 2 && message.kind === 'echo') return [{ ...message, entries: message.entries.slice(1) }];
    return [message];
  };
  return all(...words, other);
}

describe('liars of chance', () => {
  it.each(seeds)('seed %s', async (seed) => {
    const below = seededNumbers(`${seed} shape`);
    const nodes = [4, 4, 5, 7][below(4)]!;
    const names = Array.from({ length: nodes }, (_, i) => `n${i}`);
    const members = membersOf(names, { validators: 1 });
    const plan = planCeremony(members.definition);
    const parties = names.map((_, i) => i + 1);
    const liars = sample(parties, plan.faults, below);
    const dead = below(4) === 0 ? liars.slice(0, 1) : [];
    const lies = new Map(liars.map((party) => [party, lieOf(seed, members, party)]));
    const replay = `HOLDFAST_SEED='${seed}' npx vitest run packages/keys/test/dkg-fuzz.test.ts`;
    const played = play({ seed, members, lies, dead });

    const honest = parties.filter((party) => !liars.includes(party));
    for (const party of honest) expect(played.failures.get(party)?.error.message, replay).toBeUndefined();
    const results = honest.map((party) => played.results.get(party)!);
    expect(new Set(results.map(({ lock }) => lock.lockHash)).size, replay).toBe(1);
    const { keys } = await verifyLock(results[0]!.lock, () => true);
    const partials = honest.map((index) => {
      return { index, signature: partialSign(played.results.get(index)!.shares[0]!, root) };
    });
    const { signature, culprits } = recoverVerified(keys[0]!, root, partials);
    expect(signature, replay).toBeDefined();
    expect(culprits, replay).toEqual([]);
    // Nobody honest is put out, whatever is said about it.
    const excluded = results.flatMap(({ faults }) =>
      faults.filter((fault) => fault.excluded).map(({ party }) => party),
    );
    for (const party of excluded) expect(liars, replay).toContain(party);
  });
});
