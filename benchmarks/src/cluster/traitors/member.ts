import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { leaderOf } from '@holdfast/consensus';
import { partialSign } from '@holdfast/keys';
import {
  type AgreeRequest,
  type AttestContext,
  attest,
  type ClusterObserver,
  DvCluster,
  identityAuthenticator,
  Journal,
  type ProposeContext,
  propose,
  type ShareSigner,
  type SigningTask,
  serviceSigner,
} from '@holdfast/node';
import { openSqliteProtection } from '@holdfast/protection';
import { allowAll, clientOf, type ProtectionPort, SignerService } from '@holdfast/signer';
import { slot as asSlot, type Pubkey, toHex } from '@holdfast/units';
import { LOCK_HASH } from '../identities.ts';
import { nothing, SILENT } from '../silent.ts';
import { beaconOf, FEE_RECIPIENT, proposerAt, type View, type Vote } from './beacon.ts';
import { Chance } from './chance.ts';
import { type Mask, maskOf } from './kinds.ts';
import { Stage } from './stage.ts';
import { linksOf, type Machine } from './wire.ts';
import { NODES, TRAITOR, type World } from './world.ts';

/** Each so many slots one of the validators proposes, too. No multiple of the nodes' number, so that each leads some. */
export const PROPOSAL_EVERY = 7;
const never = new AbortController().signal;

/** One node of the cluster on virtual time: the real agreement, signing and duties, and a disk of its own. */
export interface Member {
  /** Does the duties of a slot, as `Duties` does. */
  begin(slot: number): void;
  close(): Promise<void>;
}

/** @param machine tells the machines of one place apart */
export async function startMember(world: World, place: number, machine = 0): Promise<Member> {
  const honest = place !== TRAITOR;
  const directory = join(world.directory, `${place}-${machine}`);
  mkdirSync(directory);
  const chance = new Chance(world.trial.seed + 97 * place + 31 * machine);
  // Nobody crashes here, so the votes need no disk; what was signed is on one all the same.
  const journal = new Journal(':memory:', LOCK_HASH);
  const { signer, close } = honest ? await guardedSigner(world, place, directory) : looseSigner(world, place);
  const state = { halted: false };
  const cluster = await DvCluster.start({
    identity: world.identities[place]!,
    nodes: world.nodes,
    lockHash: LOCK_HASH,
    validators: world.validators.map(({ pubkey, key, split }) => ({
      pubkey,
      key,
      sharePubkey: toHex(split.sharePubkeys[place]!) as Pubkey,
    })),
    signer,
    journal,
    chain: world.chain,
    clock: world.time,
    listen: [],
    observer: honest ? honestObserver(world, state) : SILENT,
    links: async (options) => {
      const { mask, me } = masked(world, place, chance, (from, channel, payload) =>
        options.onMessage(world.nodes[from]!.peerId, channel, payload),
      );
      world.wire.join(me);
      return linksOf(options, mask.says ?? ((to, channel, payload) => world.wire.send(me, to, channel, payload)));
    },
  });
  const duties = dutiesOf(world, cluster, viewOf(world, { place, machine, chance }), honest);
  return {
    begin: (slot) => {
      if (state.halted) return;
      cluster.advance(slot);
      duties(slot, chance.span(0, 60));
    },
    close: async () => {
      await cluster.close();
      journal.close();
      await close();
    },
  };
}

function masked(world: World, place: number, chance: Chance, deliver: Machine['hear']): { mask: Mask; me: Machine } {
  const { time, wire, validators, identities, nodes, trial } = world;
  let mask: Mask = {};
  const me: Machine = {
    place,
    hear: (from, channel, payload) => {
      mask.hears?.(from, channel, payload);
      deliver(from, channel, payload);
    },
  };
  if (place !== TRAITOR) return { mask, me };
  const authenticator = identityAuthenticator(
    identities[place]!,
    nodes.map(({ identity }) => identity),
  );
  const stage = new Stage({
    place,
    nodes: NODES,
    lockHash: LOCK_HASH,
    authenticator,
    chance,
    send: (to, channel, payload) => wire.send(me, to, channel, payload),
    later: (ms, act) => time.alarm(time.nowMs() + ms, act),
    partial: (validator, signingRoot) => partialSign(validators[validator]!.split.shares[place]!, signingRoot),
  });
  mask = maskOf(trial.kind, stage);
  return { mask, me };
}

interface GuardedSigner {
  readonly signer: ShareSigner;
  readonly close: () => Promise<void>;
}

/** The signer of an honest node: policy, its own SQLite protection, the share. All that it lets out is audited. */
async function guardedSigner(world: World, place: number, directory: string): Promise<GuardedSigner> {
  const { chain, validators, trial, audit, time } = world;
  const { genesisValidatorsRoot, genesisForkVersion } = chain.genesis;
  const shares = new Map(
    validators.map(({ pubkey, split }) => [
      toHex(split.sharePubkeys[place]!) as Pubkey,
      { share: split.shares[place]!, validator: pubkey },
    ]),
  );
  const store = await openSqliteProtection({ path: join(directory, 'protection.sqlite'), genesisValidatorsRoot });
  await store.register([...shares.keys()]);
  const none: ProtectionPort = { genesisValidatorsRoot, claim: async () => ({ allowed: true, repeated: false }) };
  const service = new SignerService({
    keys: {
      has: (pubkey) => shares.has(pubkey),
      sign: async (pubkey, signingRoot) => partialSign(shares.get(pubkey)!.share, signingRoot),
    },
    protection: trial.lacking?.includes('protection') ? none : store,
    policy: allowAll,
    gate: { check: nothing },
    network: { genesisValidatorsRoot, genesisForkVersion, capellaForkVersion: null },
  });
  const inner = serviceSigner(service, clientOf({ name: 'node', keys: 'all', types: 'all' }));
  const sign: ShareSigner['sign'] = async (sharePubkey, request, signal) => {
    const signature = await time.during(inner.sign(sharePubkey, request, signal));
    audit.signed(place, sharePubkey, shares.get(sharePubkey)!.validator, request);
    return signature;
  };
  return { signer: { sign }, close: () => store.close() };
}

/** A traitor's share signs whatever it is given. */
function looseSigner({ validators }: World, place: number): GuardedSigner {
  const shares = new Map(validators.map(({ split }) => [toHex(split.sharePubkeys[place]!), split.shares[place]!]));
  const sign = async (sharePubkey: Pubkey, { signingRoot }: SigningTask['request']): Promise<Uint8Array> =>
    partialSign(shares.get(sharePubkey)!, Buffer.from(String(signingRoot).slice(2), 'hex'));
  return { signer: { sign }, close: async () => undefined };
}

/** As `DvNode` takes what its cluster sees: two decisions, or evidence against itself, and it signs no more. */
function honestObserver({ counts }: World, state: { halted: boolean }): ClusterObserver {
  const blame = (node: number): void => {
    if (node === TRAITOR) counts.caught += 1;
    else counts.framed += 1;
  };
  return {
    ...SILENT,
    accused: ({ culprit }) => blame(culprit),
    culprit: (index) => blame(index - 1),
    refused: () => {
      counts.refused += 1;
    },
    forked: () => {
      state.halted = true;
      counts.halted += 1;
    },
  };
}

interface Seat {
  readonly place: number;
  readonly machine: number;
  readonly chance: Chance;
}

/** What this node's beacon node says: mostly the truth and soon, sometimes late, sometimes of another head. */
function viewOf(world: World, { place, machine, chance }: Seat): View {
  const { chain, time, trial, published } = world;
  const head = (slot: number): string =>
    `block ${chance.of(0.1) ? slot - 1 : slot}${machine === 0 ? '' : ' of the twin'}`;
  if (place === TRAITOR) {
    // In each second epoch, so that what is signed truly in one is surrounded by the next.
    const vote = (truth: Vote): Vote =>
      truth.target.epoch % 2 === 0 ? truth : { ...truth, source: { ...truth.source, epoch: truth.source.epoch - 2 } };
    const lies = trial.kind === 'slashableLeader';
    return { chain, time, head, delayMs: () => 1, published: nothing, ...(lies ? { vote } : {}) };
  }
  // Others propose, and two of three cannot tell whether it is right: their beacon nodes hang.
  const blinded = (slot: number): boolean =>
    trial.kind === 'slashableLeader' &&
    place !== (TRAITOR + 1) % NODES &&
    slot % BLIND_EVERY < NODES &&
    leaderOf({ duty: 'attester', slot: asSlot(slot) }, 1, NODES) === TRAITOR;
  const delayMs = (slot: number): number =>
    blinded(slot) || chance.of(0.01) ? chance.span(600, 1500) : chance.span(20, 150);
  return { chain, time, head, delayMs, published };
}

/** Slots; no multiple of two epochs. */
const BLIND_EVERY = 40;

function dutiesOf(
  world: World,
  cluster: DvCluster,
  view: View,
  honest: boolean,
): (slot: number, afterMs: number) => void {
  const { chain, tasks, time, validators, slotsPerEpoch, trial } = world;
  const agree = (request: AgreeRequest, signal: AbortSignal): Promise<Uint8Array> =>
    cluster.agree(honest && trial.lacking?.includes('checks') ? { ...request, check: nothing } : request, signal);
  // A traitor needs no signature of the whole key but for its own block.
  const sign: DvCluster['sign'] = (list, deadlineMs, signal) =>
    cluster.sign(list, honest || list[0]?.request.type === 'RANDAO_REVEAL' ? deadlineMs : time.nowMs(), signal);
  const context: AttestContext & ProposeContext = {
    chain,
    tasks,
    beacon: { validatorApi: beaconOf(view) },
    cluster: { agree, sign },
    observer: { stage: nothing, missed: nothing, unprepared: nothing },
    graffiti: new Uint8Array(32),
    feeRecipient: FEE_RECIPIENT,
  };
  let lastVote: Vote | undefined;
  const attesting = async (slot: number): Promise<void> => {
    const validatorIndex = slot % slotsPerEpoch;
    const duty = {
      pubkey: validators[validatorIndex]!.pubkey,
      validatorIndex,
      slot,
      committeeIndex: 0,
      committeeLength: 1,
      committeesAtSlot: 1,
      validatorCommitteeIndex: 0,
    };
    const vote = await attest(context, slot, [duty], never, lastVote);
    if (!trial.lacking?.includes('memory')) lastVote = vote;
  };
  // A duty that is missed is one that nobody published.
  return (slot, afterMs) => {
    const start = chain.startMs(slot) + afterMs;
    time.alarm(start + chain.due.attestationMs, () => void attesting(slot).catch(nothing));
    if (slot % PROPOSAL_EVERY !== 0) return;
    const validatorIndex = proposerAt(slot);
    const proposal = { pubkey: validators[validatorIndex]!.pubkey, validatorIndex, slot };
    time.alarm(start, () => void propose(context, proposal, never).catch(nothing));
  };
}
