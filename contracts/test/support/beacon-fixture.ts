import { headerRoot, type LoadedState } from '@holdfast/beacon';
import { SLOTS_PER_HISTORICAL_ROOT } from '@lodestar/params';
import { zeroAddress } from 'viem';
import { type Layout, layoutOf } from './beacon-proofs.ts';
import { type SampleChain, sampleChain } from './beacon-states.ts';
import { type Chain, type Deployed, startChain } from './chain.ts';
import type { Random } from './random.ts';

/** First slots of the forks of the sample chain. */
export const FORK_SLOTS = { electra: 0, fulu: 200, gloas: 400 } as const;
/** A Fulu and a Gloas state to prove from; the older states are reached by hops. */
export const FULU_SLOT = 300;
export const GLOAS_SLOT = 450;

export interface Fixture {
  readonly chain: Chain;
  readonly beacon: SampleChain;
  readonly layouts: Layout[];
  readonly forkLayouts: Deployed;
  readonly harness: Deployed;
  state(slot: number): LoadedState;
  layoutAt(slot: number): Layout;
  /** A timestamp at which EIP-4788 shows the block of `slot`. */
  timestamp(slot: number): Promise<number>;
}

/** A beacon chain across three forks, its layouts deployed, and the library's harness. */
export async function beaconFixture(random: Random): Promise<Fixture> {
  const beacon = sampleChain(random, [
    { slot: 100, fork: 'electra', validators: 40, pending: 0 },
    { slot: 290, fork: 'fulu', validators: 61, pending: 1 },
    { slot: FULU_SLOT, fork: 'fulu', validators: 333, pending: 29 },
    { slot: GLOAS_SLOT, fork: 'gloas', validators: 402, pending: 37 },
  ]);
  const layouts = [
    layoutOf('electra', FORK_SLOTS.electra),
    layoutOf('fulu', FORK_SLOTS.fulu),
    layoutOf('gloas', FORK_SLOTS.gloas),
  ];
  const chain = await startChain({ BeaconProofsHarness: 'test/beacon/BeaconProofsHarness.sol' }, ['ForkLayouts']);
  const perRoot = BigInt(SLOTS_PER_HISTORICAL_ROOT);
  const args = [layouts, beacon.genesisValidatorsRoot, perRoot, 0n, zeroAddress];
  const forkLayouts = await chain.deploy('ForkLayouts', args);
  const harness = await chain.deploy('BeaconProofsHarness', []);
  const timestamps = new Map<number, number>();
  return {
    chain,
    beacon,
    layouts,
    forkLayouts,
    harness,
    state: (slot) => beacon.states.get(slot)!,
    layoutAt: (slot) => layouts.findLast(({ fromSlot }) => fromSlot <= BigInt(slot))!,
    async timestamp(slot) {
      const known = timestamps.get(slot) ?? (await chain.sealWithRoot(rootOf(beacon, slot)));
      timestamps.set(slot, known);
      return known;
    },
  };
}

/** The block root of a slot that had a block. */
export const rootOf = (beacon: SampleChain, slot: number) => headerRoot(beacon.headers.get(slot)!);
