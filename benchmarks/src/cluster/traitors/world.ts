import { createHash } from 'node:crypto';
import {
  loadThresholdKey,
  type SplitKey,
  splitKey,
  type ThresholdKey,
  thresholdScheme,
  verifySignature,
} from '@holdfast/keys';
import { Chain, type ClusterNode, type NodeIdentity, Tasks } from '@holdfast/node';
import { type Pubkey, type Root, toHex } from '@holdfast/units';
import { identityOf } from '../identities.ts';
import { Audit } from './audit.ts';
import type { Publication } from './beacon.ts';
import { Chance } from './chance.ts';
import type { TraitorKind } from './kinds.ts';
import { VirtualTime } from './time.ts';
import { Wire } from './wire.ts';

export const NODES = 4;
/** Where the traitor sits. */
export const TRAITOR = 1;
const THRESHOLD = 3;
const SLOT_MS = 12_000;
/** Votes have a source before their target, and a traitor wants one before that. */
const FIRST_EPOCH = 4;
const GENESIS_VALIDATORS_ROOT = `0x${'42'.repeat(32)}` as Root;

/** Slashing protection; checks of what is voted for; among these, the memory of the last vote. */
export type Safeguard = 'protection' | 'checks' | 'memory';

export interface Trial {
  readonly kind: TraitorKind;
  readonly slots: number;
  readonly seed: number;
  /** For tests that want to see the harm: what honest nodes are to do without. */
  readonly lacking?: readonly Safeguard[];
}

/** A validator of the cluster, with the shares of all. */
export interface Validator {
  readonly pubkey: Pubkey;
  readonly key: ThresholdKey;
  readonly split: SplitKey;
}

/** What the machines of a trial share. */
export interface World {
  readonly trial: Trial;
  readonly directory: string;
  readonly time: VirtualTime;
  readonly wire: Wire;
  readonly chain: Chain;
  readonly tasks: Tasks;
  readonly audit: Audit;
  readonly firstSlot: number;
  readonly slotsPerEpoch: number;
  /** One for each slot of an epoch: each attests once an epoch. */
  readonly validators: readonly Validator[];
  readonly identities: readonly NodeIdentity[];
  readonly nodes: readonly ClusterNode[];
  /** Duties that an honest node has published: `attester/17`. */
  readonly done: Set<string>;
  readonly counts: { refused: number; framed: number; halted: number; caught: number };
  published(what: Publication): void;
}

export async function worldOf(trial: Trial, directory: string): Promise<World> {
  const chain = chainOf();
  const slotsPerEpoch = epochLength(chain);
  const firstSlot = FIRST_EPOCH * slotsPerEpoch;
  const time = new VirtualTime(chain.startMs(firstSlot) - 1000);
  const identities = await Promise.all(Array.from({ length: NODES }, (_, at) => identityOf(at)));
  const validators = Array.from({ length: slotsPerEpoch }, (_, at) => validatorOf(at));
  const tasks = new Tasks(chain);
  const done = new Set<string>();
  return {
    trial,
    directory,
    time,
    wire: new Wire(time, new Chance(trial.seed)),
    chain,
    tasks,
    // The traitor makes up for one of those who must sign.
    audit: new Audit(THRESHOLD - 1),
    firstSlot,
    slotsPerEpoch,
    validators,
    identities,
    nodes: identities.map(({ peerId, privateKey }) => ({
      peerId,
      identity: toHex(privateKey.publicKey.raw),
      addresses: [],
    })),
    done,
    counts: { refused: 0, framed: 0, halted: 0, caught: 0 },
    published(what) {
      const key = `${what.duty}/${what.duty === 'attester' ? what.data.slot : what.block.slot}`;
      if (done.has(key)) return;
      requireSigned(what, validators, tasks);
      done.add(key);
    },
  };
}

/** What counts as done was signed by the whole key: the trial does not take the cluster's word for it. */
function requireSigned(what: Publication, validators: readonly Validator[], tasks: Tasks): void {
  const at = what.duty === 'attester' ? what.attesterIndex : what.block.proposerIndex;
  const { pubkey } = validators[at]!;
  const { signingRoot } =
    what.duty === 'attester' ? tasks.attestation(pubkey, what.data) : tasks.block(pubkey, 'fulu', what.block);
  if (!verifySignature(pubkey, signingRoot, what.signature))
    throw new Error(`${what.duty}: published without a signature`);
}

function chainOf(): Chain {
  const genesis = {
    genesisTime: 1_800_000_000,
    genesisValidatorsRoot: GENESIS_VALIDATORS_ROOT,
    genesisForkVersion: '0x00000001',
  } as const;
  const schedule = [{ previousVersion: '0x00000001', currentVersion: '0x00000001', epoch: 0 }] as const;
  return new Chain(genesis, schedule, { SLOT_DURATION_MS: String(SLOT_MS) }, () => 'fulu');
}

function epochLength(chain: Chain): number {
  let slot = 1;
  while (chain.epochOf(slot) === 0) slot += 1;
  return slot;
}

function validatorOf(at: number): Validator {
  const scheme = thresholdScheme(THRESHOLD, NODES);
  const secret = new Uint8Array(createHash('sha256').update(`validator ${at}`).digest());
  secret[0] = 0;
  const chance = new Chance(at + 1);
  const split = splitKey(secret, scheme, (length) => chance.bytes(length));
  const pubkey = toHex(split.groupPubkey) as Pubkey;
  return { pubkey, split, key: loadThresholdKey(scheme, split.groupPubkey, split.sharePubkeys) };
}
