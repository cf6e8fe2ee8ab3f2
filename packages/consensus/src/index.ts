/**
 * Agreement of n nodes of which f = ⌊(n − 1) / 3⌋ may lie: QBFT as a state machine without I/O, clock or randomness, and a
 * simulator that tortures it. What is agreed on are bytes; what they mean is the node's.
 *
 * @example
 * const agreements = new Agreements(
 *   {
 *     cluster: { lockHash, nodes: 4, self: 0 },
 *     authenticator: { sign, verify }, // synchronous, by the identities of the cluster lock
 *     valueBytesMax: 1 << 20,
 *     open: ({ duty, slot }) => ({ schedule: roundSchedule(duty, 4), isValid: (value) => isSafeToSign(duty, slot, value) }),
 *   },
 *   currentSlot,
 * );
 * perform(agreements.start({ duty: 'attester', slot }, ownAttestationData));
 * peers.onMessage = (from, bytes) => perform(agreements.receive(from, bytes));
 *
 * // `perform` does an outcome's effects in order and waits for each `persist` before what stands after it:
 * //   persist { record, value? }       make durable, by instance and by the value's hash
 * //   send { to, envelope }            encodeEnvelope(envelope) to these peers
 * //   timer { round, atMs }            at slot start + atMs: agreements.give(instance, { type: 'timeout', round })
 * //   decided { value, round, proof }  sign it (the signing database still has the last word)
 * //   accused { evidence }             log, alert, keep: encodeEvidence(evidence) convinces anyone
 * //   forked { proofs }                two quorums, more than f traitors: stop signing and wake somebody up
 * //   dropped { from, reason }         counted in agreements.score(from); disconnect by its points
 *
 * A node that comes back from a crash gives `open` the last record and the values as `restore`; one that cannot must take
 * no part in instances that it may have voted in. Inputs of one instance must be given one after the other. Steps may go
 * on while a `persist` is being written, as long as effects stay in order. A decision may come before `start`: look at
 * `agreements.get(instance)?.decision` first. Evidence whose culprit is this node itself means that another machine signs
 * with its identity: stop.
 *
 * Tell `agreements.suspect([...])` which peers have no connection and `agreements.reconnected(peer)` when one is back: the
 * rounds of dead leaders then cost no time, and nobody waits for what was lost with a connection. Being wrong about
 * either costs time, never agreement.
 *
 * @example
 * // The simulator: every schedule follows from its seed. `holdfast sim consensus` does the same.
 * for (const sum of explore({ seed: 1, runs: 1000 })) if (sum.failed > 0) console.log(sum.failures[0]!.replay);
 */
export { DUTY_CODES, type DutyType } from './cluster/duties.ts';
export { leaderOf } from './cluster/leader.ts';
export { faultyMax, NODES_MAX, quorumOf } from './cluster/quorum.ts';
export { ROUND_MAX, type RoundSchedule, roundEndMs, roundSchedule } from './cluster/schedule.ts';
export { decodeEnvelope, encodeEnvelope, envelopeBytesMax } from './codec/envelope.ts';
export { hashValue } from './codec/hash.ts';
export { instancePrefix, SIGNATURE_BYTES_MAX, signingBytes } from './codec/signed.ts';
export { ConsensusConfigError, ConsensusMessageError, ConsensusSnapshotError } from './errors.ts';
export {
  blameForFork,
  checkEvidence,
  decodeEvidence,
  type Evidence,
  type EvidenceKind,
  encodeEvidence,
} from './evidence.ts';
export { Agreement } from './machine/Agreement.ts';
export {
  Agreements,
  type AgreementsOptions,
  type InstanceSetup,
  type Outcome,
  type PeerScore,
} from './machine/Agreements.ts';
export {
  type Decision,
  type DropReason,
  type Effect,
  type Input,
  type KeptValue,
  PENALTIES,
} from './machine/effects.ts';
export type { AgreementOptions, Restore } from './machine/options.ts';
export {
  type Authenticator,
  type Cluster,
  type Envelope,
  type InstanceId,
  instanceKey,
  type Message,
  type MessageType,
  type SignedMessage,
} from './message.ts';
export {
  type Exploration,
  type ExploreOptions,
  explore,
  exploreAll,
  FAILURES_MAX,
  type Failure,
  replayCommand,
} from './sim/explore.ts';
export { MUTANT_NAMES, MUTANTS, type MutantName } from './sim/mutants.ts';
export { ADVERSARIES, type AdversaryKind } from './sim/plan.ts';
export type { CheckName, SimReport, Violation } from './sim/report.ts';
export { type SimulateOptions, simulate } from './sim/simulate.ts';
