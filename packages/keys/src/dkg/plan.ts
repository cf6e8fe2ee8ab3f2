import { fromHex, type Hex } from '@holdfast/units';
import { definitionHash } from '../lock/hash.ts';
import type { ClusterDefinition, ClusterLock } from '../lock/types.ts';
import { ThresholdError } from '../threshold/errors.ts';
import type { ThresholdKey } from '../threshold/key.ts';
import { type ShareIndex, type ThresholdScheme, thresholdScheme } from '../threshold/scheme.ts';
import type { MessageLimits, Party } from './messages.ts';

/** The cluster whose keys are re-dealt. */
export interface PreviousCluster {
  /** As `verifyLock` gave it. */
  readonly lock: ClusterLock;
  readonly scheme: ThresholdScheme;
  readonly keys: readonly ThresholdKey[];
}

/** Who does what in a ceremony, the same for all who hold the definition (and, for a resharing, the previous lock). */
export interface CeremonyPlan {
  /** 32 bytes: the definition's hash. */
  readonly id: Uint8Array;
  readonly definition: ClusterDefinition;
  readonly previous: PreviousCluster | undefined;
  readonly scheme: ThresholdScheme;
  /** The parties' public keys: first the new cluster's nodes in order, so that party i holds share i, then those that leave. */
  readonly identities: readonly Hex[];
  /** Who deals, and by which number: its own in a first ceremony, that of its old share in a resharing. */
  readonly dealers: ReadonlyMap<Party, ShareIndex>;
  /** How many honest dealings are needed. */
  readonly dealersMin: number;
  /** How many parties may lie or fail at once. */
  readonly faults: number;
  /** Rounds of one broadcast. */
  readonly broadcastRounds: number;
  /** Rounds of the whole ceremony: three broadcasts, the confirmation and the seal. */
  readonly rounds: number;
  readonly limits: MessageLimits;
}

/** @throws THRESHOLD_PLAN where definition and previous lock do not fit. */
export function planCeremony(definition: ClusterDefinition, previous?: PreviousCluster): CeremonyPlan {
  if (previous) checkSuccession(definition, previous.lock);
  const scheme = thresholdScheme(definition.threshold, definition.operators.length);
  const staying = definition.operators.map(({ identity }) => identity);
  const old = previous?.lock.definition.operators.map(({ identity }) => identity) ?? [];
  const identities = [...staying, ...old.filter((identity) => !staying.includes(identity))];
  const dealers = new Map(
    (previous ? old : staying).map((identity, i) => [identities.indexOf(identity) + 1, i + 1] as const),
  );
  const faults = Math.min(scheme.faults + (previous?.scheme.faults ?? 0), identities.length - 1);
  const broadcastRounds = faults + 1;
  return {
    id: fromHex(definitionHash(definition), 32),
    definition,
    previous,
    scheme,
    identities,
    dealers,
    dealersMin: previous ? previous.scheme.threshold : scheme.threshold,
    faults,
    broadcastRounds,
    rounds: 3 * broadcastRounds + 2,
    limits: limitsOf(definition, scheme, identities.length, broadcastRounds, previous !== undefined),
  };
}

/** Bytes that a dealer broadcasts for one validator: commitments, and in a first ceremony a proof of possession. */
export function dealingBytes(scheme: ThresholdScheme, isReshare: boolean): number {
  return scheme.threshold * 48 + (isReshare ? 0 : 96);
}

function limitsOf(
  { validators, depositAmounts }: ClusterDefinition,
  scheme: ThresholdScheme,
  parties: number,
  rounds: number,
  isReshare: boolean,
): MessageLimits {
  return {
    parties,
    rounds,
    shares: validators,
    partials: isReshare ? 0 : validators * depositAmounts.length,
    payloadMax: {
      deal: validators * dealingBytes(scheme, isReshare),
      complain: parties * (3 + 2 * validators),
      justify: scheme.faults * validators * (1 + 2 + 32),
    },
  };
}

function checkSuccession(definition: ClusterDefinition, { definition: old, lockHash }: ClusterLock): void {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const kept = ['network', 'withdrawalCredentials', 'validators', 'depositAmounts'] as const;
  const wrong = [
    ...kept.filter((field) => !same(definition[field], old[field])),
    ...(definition.generation === old.generation + 1 ? [] : ['generation']),
    ...(definition.previousLockHash === lockHash ? [] : ['previousLockHash']),
    ...(definition.nonce === old.nonce ? ['nonce'] : []),
  ];
  if (wrong.length === 0) return;
  throw new ThresholdError('THRESHOLD_PLAN', 'the definition is not the successor of the lock to be re-dealt', {
    data: { fields: wrong },
    fix: 'Keep network, credentials, validators and deposit amounts; raise the generation by one, name the lock’s hash, take a new nonce',
  });
}
