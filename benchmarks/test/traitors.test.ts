import { expect, it } from 'vitest';
import { KINDS, type TraitorKind } from '../src/cluster/traitors/kinds.ts';
import { tryTraitor } from '../src/cluster/traitors/trial.ts';

const SEED = 11;
const DEEP = process.env.HOLDFAST_DEEP === '1';
/** Two epochs: the traitor's lies of the second meet what was signed in the first. */
const SLOTS = DEEP ? 400 : 16;
/** Those whose lies can be shown to others. */
const LEAVE_PROOF: readonly TraitorKind[] = ['equivocator', 'badPartials', 'twins'];

it.each(KINDS)(
  '%s: no duty is missed, nothing can be slashed, no honest node is blamed',
  async (kind) => {
    const verdict = await tryTraitor({ kind, slots: SLOTS, seed: SEED });
    expect(verdict.slashable, `seed ${SEED}`).toEqual([]);
    expect(verdict.framed, `seed ${SEED}`).toBe(0);
    expect(verdict.done / verdict.duties, `seed ${SEED}`).toBeGreaterThanOrEqual(0.99);
    // Three honest nodes signed all of it, or the figures are of something else.
    expect(verdict.messages).toBeGreaterThanOrEqual(2 * verdict.duties);
    // The cluster never comes to agree on what its signers would have to refuse.
    expect(verdict.refused).toBe(0);
    if (LEAVE_PROOF.includes(kind)) expect(verdict.caught).toBeGreaterThan(0);
  },
  300_000,
);

it('plays the same seed the same way', async () => {
  const trial = { kind: 'forger', slots: 12, seed: SEED } as const;
  expect(await tryTraitor(trial)).toEqual(await tryTraitor(trial));
});

// What the figures rest on: take a safeguard away, and they show it.
it('nodes that cannot look, and forget how they voted, agree on what they must then refuse', async () => {
  const verdict = await tryTraitor({ kind: 'slashableLeader', slots: SLOTS, seed: SEED, lacking: ['memory'] });
  expect(verdict.slashable).toEqual([]);
  expect(verdict.refused).toBeGreaterThan(0);
  expect(verdict.done).toBeLessThan(verdict.duties);
});

it('nodes that vote for whatever is proposed are kept from signing it, and miss duties', async () => {
  const verdict = await tryTraitor({ kind: 'slashableLeader', slots: SLOTS, seed: SEED, lacking: ['checks'] });
  expect(verdict.slashable).toEqual([]);
  expect(verdict.refused).toBeGreaterThan(0);
  expect(verdict.done / verdict.duties).toBeLessThan(0.95);
});

it('without slashing protection below, they get their validators slashed', async () => {
  const lacking = ['checks', 'protection'] as const;
  const verdict = await tryTraitor({ kind: 'slashableLeader', slots: SLOTS, seed: SEED, lacking });
  expect(verdict.slashable.length).toBeGreaterThan(0);
  expect(verdict.slashable.join()).toContain('validator 0x');
});
