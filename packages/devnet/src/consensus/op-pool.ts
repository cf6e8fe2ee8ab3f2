import { toHex } from '@holdfast/units';
import { MAX_ATTESTER_SLASHINGS_ELECTRA, MAX_PROPOSER_SLASHINGS, MAX_VOLUNTARY_EXITS } from '@lodestar/params';
import {
  assertValidAttesterSlashing,
  assertValidProposerSlashing,
  getAttesterSlashableIndices,
  getVoluntaryExitValidity,
  isSlashableValidator,
  VoluntaryExitValidity,
} from '@lodestar/state-transition';
import { type electra, type phase0, ssz } from '@lodestar/types';
import { DevnetError } from '../errors.ts';
import type { DevnetState } from './types.ts';

/** What a block can carry of the pool. */
export interface PoolOperations {
  readonly proposerSlashings: phase0.ProposerSlashing[];
  readonly attesterSlashings: electra.AttesterSlashing[];
  readonly voluntaryExits: phase0.SignedVoluntaryExit[];
}

/**
 * Operations that wait for a block. Each is verified in full, signatures included, when it comes, and again for what
 * may have changed when a block takes it, so that no operation of the pool can ever make a block invalid.
 */
export class OperationPool {
  #proposerSlashings = new Map<string, phase0.ProposerSlashing>();
  #attesterSlashings = new Map<string, electra.AttesterSlashing>();
  #voluntaryExits = new Map<number, phase0.SignedVoluntaryExit>();

  /** Returns false when it was there already. Throws `DEVNET_BAD_OPERATION`. */
  addAttesterSlashing(state: DevnetState, slashing: electra.AttesterSlashing): boolean {
    refuse('attester slashing', () => {
      const { config, epochCtx, slot, validators } = state;
      assertValidAttesterSlashing(config, epochCtx.pubkeyCache, slot, validators.length, slashing, true);
      if (slashable(state, getAttesterSlashableIndices(slashing)).length === 0) throw Error('nobody left to slash');
    });
    return put(this.#attesterSlashings, toHex(ssz.electra.AttesterSlashing.hashTreeRoot(slashing)), slashing);
  }

  addProposerSlashing(state: DevnetState, slashing: phase0.ProposerSlashing): boolean {
    refuse('proposer slashing', () => {
      const { config, epochCtx, slot, validators } = state;
      const index = slashing.signedHeader1.message.proposerIndex;
      if (index >= validators.length) throw Error(`validator ${index} is not in the registry`);
      const proposer = validators.getReadonly(index);
      assertValidProposerSlashing(config, epochCtx.pubkeyCache, slot, slashing, proposer, true);
    });
    return put(this.#proposerSlashings, toHex(ssz.phase0.ProposerSlashing.hashTreeRoot(slashing)), slashing);
  }

  addVoluntaryExit(state: DevnetState, exit: phase0.SignedVoluntaryExit): boolean {
    refuse('voluntary exit', () => {
      const { validatorIndex } = exit.message;
      if (validatorIndex >= state.validators.length) throw Error(`validator ${validatorIndex} is not in the registry`);
      const validity = exitValidity(state, exit, true);
      if (validity !== VoluntaryExitValidity.valid) throw Error(`validator ${validatorIndex}: ${validity}`);
    });
    return put(this.#voluntaryExits, exit.message.validatorIndex, exit);
  }

  all(): PoolOperations {
    return {
      proposerSlashings: [...this.#proposerSlashings.values()],
      attesterSlashings: [...this.#attesterSlashings.values()],
      voluntaryExits: [...this.#voluntaryExits.values()],
    };
  }

  /** What the block at `state`'s slot carries: in the order in which the block applies it, each still valid then. */
  forBlock(state: DevnetState): PoolOperations {
    const { proposerSlashings, attesterSlashings, voluntaryExits } = this.all();
    const slashed = new Set<number>();
    const take = (indices: readonly number[]): boolean => {
      const fresh = slashable(state, indices).filter((index) => !slashed.has(index));
      for (const index of fresh) slashed.add(index);
      return fresh.length > 0;
    };
    return {
      proposerSlashings: firstFew(proposerSlashings, MAX_PROPOSER_SLASHINGS, (slashing) =>
        take([slashing.signedHeader1.message.proposerIndex]),
      ),
      attesterSlashings: firstFew(attesterSlashings, MAX_ATTESTER_SLASHINGS_ELECTRA, (slashing) =>
        take(getAttesterSlashableIndices(slashing)),
      ),
      voluntaryExits: firstFew(
        voluntaryExits,
        MAX_VOLUNTARY_EXITS,
        (exit) =>
          !slashed.has(exit.message.validatorIndex) && exitValidity(state, exit, false) === VoluntaryExitValidity.valid,
      ),
    };
  }

  /** Drops what can never be included any more: its validators are slashed, exited or gone. */
  prune(state: DevnetState): void {
    const far = Number.POSITIVE_INFINITY;
    drop(this.#proposerSlashings, (s) => slashable(state, [s.signedHeader1.message.proposerIndex]).length === 0);
    drop(this.#attesterSlashings, (s) => slashable(state, getAttesterSlashableIndices(s)).length === 0);
    drop(this.#voluntaryExits, (e) => state.validators.getReadonly(e.message.validatorIndex).exitEpoch !== far);
  }

  clone(): OperationPool {
    const copy = new OperationPool();
    copy.#proposerSlashings = new Map(this.#proposerSlashings);
    copy.#attesterSlashings = new Map(this.#attesterSlashings);
    copy.#voluntaryExits = new Map(this.#voluntaryExits);
    return copy;
  }
}

function exitValidity(state: DevnetState, exit: phase0.SignedVoluntaryExit, verifySignature: boolean) {
  return getVoluntaryExitValidity(state.config.getForkSeq(state.slot), state, exit, verifySignature);
}

function slashable(state: DevnetState, indices: readonly number[]): number[] {
  return indices.filter(
    (index) =>
      index < state.validators.length &&
      isSlashableValidator(state.validators.getReadonly(index), state.epochCtx.epoch),
  );
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): boolean {
  if (map.has(key)) return false;
  map.set(key, value);
  return true;
}

function drop<Key, Value>(map: Map<Key, Value>, isDead: (value: Value) => boolean): void {
  for (const [key, value] of map) if (isDead(value)) map.delete(key);
}

/** The first `limit` items that pass; `passes` is asked no more often than needed, since it may count. */
function firstFew<T>(items: readonly T[], limit: number, passes: (item: T) => boolean): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === limit) break;
    if (passes(item)) taken.push(item);
  }
  return taken;
}

/** Throws `DEVNET_BAD_OPERATION` with the reason when `check` throws. */
export function refuse<T>(what: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw notValid(what, cause);
  }
}

/** What came from outside is not valid now. */
export function notValid(what: string, cause: unknown): DevnetError {
  return new DevnetError('DEVNET_BAD_OPERATION', `the ${what} is not valid now`, {
    data: { why: cause instanceof Error ? cause.message : String(cause) },
    cause,
  });
}
