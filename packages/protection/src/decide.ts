import { withAttestation, withBlock } from './frontier.ts';
import { EXACT, type RootBytes } from './logic/exact.ts';
import type { HighWatermark, Rule } from './port.ts';
import {
  type AttestationFrontier,
  type AttestationLineRule,
  type AttestationRecord,
  type BlockFrontier,
  type BlockLineRule,
  type BlockRecord,
  type Rules,
  sameAttestation,
  sameBlock,
} from './rules.ts';
import { max } from './u64.ts';

export type KeptBlock = BlockRecord<bigint, RootBytes>;
export type KeptAttestation = AttestationRecord<bigint, RootBytes>;

/** A key by its number in the database, and what it wants to sign. */
export type KeyedDuty =
  | { readonly kind: 'block'; readonly key: number; readonly block: KeptBlock }
  | { readonly kind: 'attestation'; readonly key: number; readonly attestation: KeptAttestation };

export interface KeyState {
  readonly enabled: boolean;
  readonly blocks: BlockFrontier<bigint, boolean>;
  readonly attestations: AttestationFrontier<bigint, boolean>;
}

/** What the history says of a duty: the record it conflicts with, or that it is there already, or nothing. */
export interface Finding {
  readonly rule?: Rule;
  readonly record?: KeptBlock | KeptAttestation;
  readonly repeated: boolean;
}

export type Judgement =
  | { readonly allowed: true; readonly repeated: boolean }
  | { readonly allowed: false; readonly rule: Rule; readonly record?: KeptBlock | KeptAttestation };

export const NOTHING_FOUND: Finding = { repeated: false };
export const NO_BLOCKS: BlockFrontier<bigint, boolean> = { drawn: false, line: 0n, top: 0n };
export const NO_ATTESTATIONS: AttestationFrontier<bigint, boolean> = {
  drawn: false,
  lineSource: 0n,
  lineTarget: 0n,
  topSource: 0n,
  topTarget: 0n,
};

/** The first pair rule that holds between a block and the records, or that it is one of them. */
export function findBlock(rules: Rules, duty: KeptBlock, records: Iterable<KeptBlock>): Finding {
  let repeated = false;
  for (const record of records) {
    for (const [rule, holds] of Object.entries(rules.pairs.block))
      if (holds(EXACT, duty, record)) return { rule: rule as Rule, record, repeated: false };
    repeated ||= sameBlock(EXACT, duty, record);
  }
  return { repeated };
}

/** The first pair rule that holds between an attestation and the records, or that it is one of them. */
export function findAttestation(rules: Rules, duty: KeptAttestation, records: Iterable<KeptAttestation>): Finding {
  let repeated = false;
  for (const record of records) {
    for (const [rule, holds] of Object.entries(rules.pairs.attestation))
      if (holds(EXACT, duty, record)) return { rule: rule as Rule, record, repeated: false };
    repeated ||= sameAttestation(EXACT, duty, record);
  }
  return { repeated };
}

/**
 * One batch of duties, decided in order. It knows each key's state as the database had it when the batch began and lays what
 * it allows on top; nothing outside changes until the caller has committed `additions` and takes over `states`.
 */
export class Batch {
  /** What is allowed and new, to be stored. */
  readonly additions: KeyedDuty[] = [];
  /** The keys' states after the batch, of the keys that it changed. */
  readonly states = new Map<number, KeyState>();
  /** Keys whose first record of a kind is in this batch, so that their line must be stored. */
  readonly drawn = new Set<number>();

  readonly #rules: Rules;
  readonly #ceiling: HighWatermark | null;
  readonly #stateOf: (key: number) => KeyState | undefined;
  readonly #blockLines: readonly [Rule, BlockLineRule][];
  readonly #attestationLines: readonly [Rule, AttestationLineRule][];
  readonly #blocks = new Map<number, KeptBlock[]>();
  readonly #attestations = new Map<number, KeptAttestation[]>();

  constructor(rules: Rules, ceiling: HighWatermark | null, stateOf: (key: number) => KeyState | undefined) {
    this.#rules = rules;
    this.#ceiling = ceiling;
    this.#stateOf = stateOf;
    this.#blockLines = Object.entries(rules.lines.block) as [Rule, BlockLineRule][];
    this.#attestationLines = Object.entries(rules.lines.attestation) as [Rule, AttestationLineRule][];
  }

  /** Whether a duty can be judged only with what the database's history says of it. */
  needsHistory(duty: KeyedDuty): boolean {
    const state = this.#stateOf(duty.key);
    if (state === undefined) return false;
    return duty.kind === 'block'
      ? !this.#rules.isBlockAhead(EXACT, duty.block, state.blocks)
      : !this.#rules.isAttestationAhead(EXACT, duty.attestation, state.attestations);
  }

  /** `history` is what the database holds about the duty, if `needsHistory` asked for it. */
  judge(duty: KeyedDuty, history: Finding): Judgement {
    const state = this.states.get(duty.key) ?? this.#stateOf(duty.key);
    if (state === undefined) return { allowed: false, rule: 'unknown-key' };
    if (!state.enabled) return { allowed: false, rule: 'disabled-key' };
    return duty.kind === 'block'
      ? this.#judgeBlock(duty, duty.block, state, history)
      : this.#judgeAttestation(duty, duty.attestation, state, history);
  }

  #judgeBlock(duty: KeyedDuty, block: KeptBlock, state: KeyState, history: Finding): Judgement {
    if (this.#ceiling !== null && block.slot >= this.#ceiling.slot) return { allowed: false, rule: 'high-watermark' };
    const ahead = this.#rules.isBlockAhead(EXACT, block, state.blocks);
    const own = ahead ? NOTHING_FOUND : findBlock(this.#rules, block, this.#blocks.get(duty.key) ?? []);
    const refused = refusalOf(history) ?? refusalOf(own);
    if (refused) return refused;
    const repeated = history.repeated || own.repeated;
    for (const [rule, holds] of this.#blockLines)
      if (holds(EXACT, block, state.blocks, repeated)) return { allowed: false, rule };
    if (!repeated) {
      append(this.#blocks, duty.key, block);
      this.#add(duty, state.blocks.drawn, { ...state, blocks: withBlock(EXACT, state.blocks, block) });
    }
    return { allowed: true, repeated };
  }

  #judgeAttestation(duty: KeyedDuty, attestation: KeptAttestation, state: KeyState, history: Finding): Judgement {
    if (this.#ceiling !== null && max(attestation.source, attestation.target) >= this.#ceiling.epoch)
      return { allowed: false, rule: 'high-watermark' };
    const ahead = this.#rules.isAttestationAhead(EXACT, attestation, state.attestations);
    const own = ahead
      ? NOTHING_FOUND
      : findAttestation(this.#rules, attestation, this.#attestations.get(duty.key) ?? []);
    const refused = refusalOf(history) ?? refusalOf(own);
    if (refused) return refused;
    const repeated = history.repeated || own.repeated;
    for (const [rule, holds] of this.#attestationLines)
      if (holds(EXACT, attestation, state.attestations, repeated)) return { allowed: false, rule };
    if (!repeated) {
      append(this.#attestations, duty.key, attestation);
      const attestations = withAttestation(EXACT, state.attestations, attestation);
      this.#add(duty, state.attestations.drawn, { ...state, attestations });
    }
    return { allowed: true, repeated };
  }

  #add(duty: KeyedDuty, wasDrawn: boolean, state: KeyState): void {
    this.additions.push(duty);
    this.states.set(duty.key, state);
    if (!wasDrawn) this.drawn.add(duty.key);
  }
}

function refusalOf({ rule, record }: Finding): Judgement | undefined {
  if (rule === undefined) return undefined;
  return record === undefined ? { allowed: false, rule } : { allowed: false, rule, record };
}

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
