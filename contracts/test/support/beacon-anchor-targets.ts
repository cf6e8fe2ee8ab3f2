import type { Hex } from '@holdfast/units';
import { zeroAddress } from 'viem';
import { type Fixture, FULU_SLOT, GLOAS_SLOT, rootOf } from './beacon-fixture.ts';
import { type Hop, type Layout, makeHop, makeStateProof, type StateProof } from './beacon-proofs.ts';
import { type Args, alterField, at, dirtyMember, siblingMutators, type Target } from './mutations.ts';

const HEADER_NUMBERS = ['slot', 'proposerIndex'];

export async function anchorTarget(fixture: Fixture, slot: number, other: number): Promise<Target<Args>> {
  const timestamp = await fixture.timestamp(slot);
  const otherTimestamp = await fixture.timestamp(other);
  const proof = makeStateProof(fixture.state(slot), fixture.beacon.headers.get(slot)!, timestamp);
  const otherProof = makeStateProof(fixture.state(other), fixture.beacon.headers.get(other)!, otherTimestamp);
  const strangers = await strangeLayouts(fixture);
  const proofOf = at<StateProof>(1);
  return {
    name: 'anchor',
    functionName: 'anchor',
    samples: [[fixture.forkLayouts.address, proof]],
    mutators: {
      'unknown timestamp': (args, random) => {
        proofOf(args).timestamp = BigInt(random.below(2 ** 31));
        return { errors: ['RootUnknown'] };
      },
      'other timestamp': (args) => {
        proofOf(args).timestamp = BigInt(otherTimestamp);
        return { errors: ['HeaderMismatch'] };
      },
      'header field': (args, random) => {
        alterField(proofOf(args).header, random);
        return { errors: ['HeaderMismatch'] };
      },
      'other header': (args) => {
        proofOf(args).header = otherProof.header;
        return { errors: ['HeaderMismatch'] };
      },
      'other witness': (args) => {
        proofOf(args).witness = otherProof.witness;
        return { errors: ['BranchLength', 'WitnessMismatch'] };
      },
      'other chain or moved layout': (args, random) => {
        const [address, error] = random.pick(strangers);
        (args as unknown[])[0] = address;
        return { errors: [error, 'BranchLength'] };
      },
      'dirty header': dirtyMember((args) => proofOf(args).header, HEADER_NUMBERS),
      'dirty timestamp': dirtyMember(proofOf, ['timestamp']),
      ...siblingMutators<Args>('witness', (args) => proofOf(args).witness, 'WitnessMismatch', 'BranchLength'),
    },
  };
}

/** Layout contracts that do not fit the sample chain, and what they must make of its states. */
async function strangeLayouts(fixture: Fixture): Promise<[Hex, string][]> {
  const { chain, layouts, beacon } = fixture;
  const otherChain = `0x${'ab'.repeat(32)}` as Hex;
  const moved = layouts.map((layout) => ({ ...layout, genesis: layout.genesis + 6 }));
  const deeper = layouts.map((layout) => ({ ...layout, genesis: layout.genesis * 2 }));
  const late = layouts.map((layout, i) => ({ ...layout, fromSlot: BigInt(GLOAS_SLOT + 1 + i) }));
  const deploy = async (list: Layout[], witness: Hex) =>
    (await chain.deploy('ForkLayouts', [list, witness, 64n, 0n, zeroAddress])).address;
  return [
    [await deploy(layouts, otherChain), 'WitnessMismatch'],
    [await deploy(moved, beacon.genesisValidatorsRoot), 'WitnessMismatch'],
    [await deploy(deeper, beacon.genesisValidatorsRoot), 'BranchLength'],
    [await deploy(late, beacon.genesisValidatorsRoot), 'LayoutUnknown'],
  ];
}

export async function anchorHeaderTarget(fixture: Fixture, slot: number, other: number): Promise<Target<Args>> {
  const { beacon, forkLayouts } = fixture;
  const proof = makeStateProof(fixture.state(slot), beacon.headers.get(slot)!, 0);
  const headerOf = (args: Args) => at<StateProof>(2)(args).header;
  return {
    name: 'anchorHeader',
    functionName: 'anchorHeader',
    samples: [[forkLayouts.address, rootOf(beacon, slot), proof]],
    mutators: {
      'other root': (args, random) => {
        (args as unknown[])[1] = random.next() < 0.5 ? rootOf(beacon, other) : random.root();
        return { errors: ['HeaderMismatch'] };
      },
      'header field': (args, random) => {
        alterField(headerOf(args), random);
        return { errors: ['HeaderMismatch'] };
      },
      'dirty header': dirtyMember(headerOf, HEADER_NUMBERS),
      ...siblingMutators<Args>('witness', (args) => at<StateProof>(2)(args).witness, 'WitnessMismatch', 'BranchLength'),
    },
  };
}

export function hopTarget(fixture: Fixture, slot: number, historical: boolean): Target<Args> {
  const { beacon, forkLayouts } = fixture;
  const state = fixture.state(slot);
  const hopOf = at<Hop>(4);
  const within = (older: number) =>
    historical ? older + 64 <= slot - (slot % 64) : slot - older <= 64 && older < slot;
  const slots = [...beacon.headers.keys()].filter(within);
  const hopTo = (older: number) => makeHop(state, beacon.headers.get(older)!, beacon.periodRoots(older - (older % 64)));
  // A slot that both ways reach is shown through the ring, so the historical ones are the older.
  const reached = slots.filter((older) => historical === slot - older > 64);
  return {
    name: historical ? 'hop through a summary' : 'hop through the ring',
    functionName: 'hop',
    samples: reached.map((older) => [
      forkLayouts.address,
      state.root,
      BigInt(slot),
      fixture.layoutAt(slot),
      hopTo(older),
    ]),
    mutators: {
      'header root': (args, random) => {
        alterField(hopOf(args).header, random, ['proposerIndex', 'parentRoot', 'stateRoot', 'bodyRoot']);
        return { errors: ['HopMismatch'] };
      },
      'header slot': (args, random) => {
        hopOf(args).header.slot = BigInt(random.below(slot));
        if (beacon.headers.get(Number(hopOf(args).header.slot))?.bodyRoot === hopOf(args).header.bodyRoot)
          return undefined;
        return { errors: ['HopMismatch', 'HopOutOfRange', 'SummaryMismatch'] };
      },
      'not older': (args, random) => {
        hopOf(args).header.slot = BigInt(slot + random.below(10_000));
        return { errors: ['HopNotOlder'] };
      },
      'other header': (args, random) => {
        const header = hopTo(random.pick(reached)).header;
        if (header.slot === hopOf(args).header.slot) return undefined;
        hopOf(args).header = header;
        return { errors: ['HopMismatch', 'SummaryMismatch'] };
      },
      'other branch': (args, random) => {
        const older = random.pick(reached);
        if (BigInt(older) === hopOf(args).header.slot) return undefined;
        hopOf(args).branch = hopTo(older).branch;
        return { errors: ['HopMismatch'] };
      },
      'other kind': (args) => {
        hopOf(args).historical = !historical;
        return { errors: ['HopOutOfRange', 'SummaryMismatch', 'BranchLength'] };
      },
      'other summary': (args, random) => {
        hopOf(args).summary ^= 1 << random.below(24);
        return { errors: ['SummaryMismatch'] };
      },
      'other state': (args, random) => {
        (args as unknown[])[1] = random.root();
        return { errors: ['HopMismatch'] };
      },
      'other slot of the state': (args, random) => {
        // A later slot only: a hop must then still reach, or say that it does not; an earlier one forgets the block.
        (args as unknown[])[2] = random.next() < 0.5 ? hopOf(args).header.slot : hopOf(args).header.slot + 65n;
        if (historical && at<bigint>(2)(args) !== hopOf(args).header.slot) {
          (args as unknown[])[2] = hopOf(args).header.slot + 1n;
          if ((hopOf(args).header.slot + 1n) % 64n === 0n) return undefined;
        }
        return { errors: ['HopNotOlder', 'HopOutOfRange'] };
      },
      'other fork': (args) => {
        (args as unknown[])[3] = fixture.layoutAt(slot === FULU_SLOT ? GLOAS_SLOT : FULU_SLOT);
        return { errors: ['BranchLength', 'HopMismatch'] };
      },
      'dirty header': dirtyMember((args) => hopOf(args).header, HEADER_NUMBERS),
      'dirty kind': dirtyMember(hopOf, ['historical']),
      'dirty summary': dirtyMember(hopOf, ['summary'], 'SummaryMismatch'),
      ...siblingMutators<Args>('branch', (args) => hopOf(args).branch, 'HopMismatch', 'BranchLength'),
    },
  };
}
