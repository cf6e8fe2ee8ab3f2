import { checkEvidence, conflictOf, type Evidence } from '../evidence.ts';
import type { Decision } from '../machine/effects.ts';
import { type Authenticator, type Envelope, type InstanceId, instanceKey, type SignedMessage } from '../message.ts';
import type { CheckName, Violation } from './report.ts';
import { isFit } from './values.ts';

const VIOLATIONS_MAX = 20;

/** Sees all that honest nodes say and decide, and says what must not be. */
export class Witness {
  readonly violations: Violation[] = [];
  readonly accused = new Set<number>();
  readonly #isHonest: (node: number) => boolean;
  readonly #verify: Authenticator['verify'];
  readonly #said = new Map<string, SignedMessage[]>();
  readonly #decided = new Map<string, Map<number, Decision>>();
  readonly #splitters = new Map<number, string>();
  #decisions = 0;
  #roundMax = 0;

  constructor(isHonest: (node: number) => boolean, verify: Authenticator['verify']) {
    this.#isHonest = isHonest;
    this.#verify = verify;
  }

  violated(check: CheckName, detail: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ check, detail });
  }

  /** An honest node sent a message of its own. */
  said({ instance, message }: Envelope): void {
    const key = `${instanceKey(instance)}/${message.sender}`;
    const earlier = this.#said.get(key) ?? [];
    this.#said.set(key, earlier);
    const same = ({ type, round, valueHash, preparedRound }: SignedMessage) =>
      type === message.type &&
      round === message.round &&
      valueHash === message.valueHash &&
      preparedRound === message.preparedRound;
    if (earlier.some(same)) return;
    const against = earlier.find((other) => conflictOf(other, message) !== undefined);
    earlier.push(message);
    if (against)
      this.violated('conflict', `node ${message.sender} signed ${describe(against)} and ${describe(message)}`);
  }

  /** An honest node decided. A machine that forgot by a crash may decide once more, but nothing else. */
  decided(node: number, instance: InstanceId, decision: Decision): void {
    const key = instanceKey(instance);
    const decisions = this.#decided.get(key) ?? new Map<number, Decision>();
    this.#decided.set(key, decisions);
    const [other] = [...decisions].filter(([, { valueHash }]) => valueHash !== decision.valueHash);
    if (other)
      this.violated('agreement', `${key}: node ${node} decided ${text(decision)}, node ${other[0]} ${text(other[1])}`);
    if (!isFit(instance, decision.value)) this.violated('validity', `${key}: node ${node} decided ${text(decision)}`);
    if (!decisions.has(node)) this.#decisions += 1;
    this.#roundMax = Math.max(this.#roundMax, decision.round);
    decisions.set(node, decision);
  }

  accusedBy(node: number, evidence: Evidence): void {
    const { culprit, kind } = evidence;
    this.accused.add(culprit);
    if (this.#isHonest(culprit))
      this.violated('accountability', `node ${node} accuses honest node ${culprit} of ${kind}`);
    if (!checkEvidence(evidence, this.#verify))
      this.violated('accountability', `node ${node} has evidence against ${culprit} that does not hold`);
  }

  /** An honest node heard that another prepared something else by the same leader: the leader must be named. */
  mustName(leader: number, why: string): void {
    if (!this.#splitters.has(leader)) this.#splitters.set(leader, why);
  }

  hasDecided(node: number, instance: InstanceId): boolean {
    return this.#decided.get(instanceKey(instance))?.has(node) ?? false;
  }

  /** Decisions of honest nodes, one for each node and instance. */
  get decisions(): number {
    return this.#decisions;
  }

  /** The highest round of a decision. */
  get roundMax(): number {
    return this.#roundMax;
  }

  /** What can be said only at the end. */
  finish(): void {
    for (const [leader, why] of this.#splitters) {
      if (!this.accused.has(leader)) this.violated('accountability', `nobody names node ${leader}: ${why}`);
    }
  }
}

const text = ({ value, round }: Decision): string => `'${Buffer.from(value).toString()}' in round ${round}`;

export function describe({ type, sender, round, valueHash, preparedRound }: SignedMessage): string {
  const prepared = type === 'ROUND-CHANGE' ? ` prepared in ${preparedRound}` : '';
  return `${type} of ${sender} in round ${round}${prepared} for ${valueHash.slice(2, 8)}`;
}
