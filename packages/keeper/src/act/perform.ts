import {
  type BeaconClient,
  type VerifiedState,
  validatorFields,
  verifierBalancesOpening,
  verifierBalancesProof,
  verifierPendingRun,
  verifierStateProof,
  verifierValidatorProof,
} from '@holdfast/beacon';
import * as pools from '@holdfast/pool';
import { FAR_FUTURE_EPOCH } from '@holdfast/units';
import type { Action } from '../decide/action.ts';
import { KeeperEvidenceError } from '../errors.ts';
import { Archive } from '../evidence/Archive.ts';
import { hopTo } from '../evidence/blocks.ts';
import type { View } from '../observe/Observer.ts';

type Options = pools.ActOptions;
type Result = pools.ActResult<unknown>;
type Of<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;

/** Pending deposits shown in one call: about 10,000 gas each. */
const DEPOSITS_PER_CALL = 512;

/** Makes the proof that an action needs out of verified states, and makes the call. One case, one call. */
export class Performer {
  private readonly pool: pools.Pool;
  private readonly beaconClient: BeaconClient;
  private readonly archive: Archive;

  constructor(pool: pools.Pool, beaconClient: BeaconClient, beaconTimeoutMs: number) {
    this.pool = pool;
    this.beaconClient = beaconClient;
    this.archive = new Archive(beaconClient, beaconTimeoutMs);
  }

  /** @throws PoolRevertError when the contracts refuse, PoolGasError when it is too large, errors of the nodes */
  perform(action: Action, view: View, options: Options): Promise<Result> {
    const { pool } = this;
    switch (action.kind) {
      case 'proveCredentials':
        return pools.proveCredentials(pool, this.lifeProof(action.ordinal, view), options);
      case 'proveExit':
        return pools.proveExit(pool, this.lifeProof(action.ordinal, view), options);
      case 'proveSlashing':
        return pools.proveSlashing(pool, this.lifeProof(action.ordinal, view), options);
      case 'proveWithdrawn':
        return this.proveWithdrawn(action, view, options);
      case 'fund':
        return pools.fund(pool, recordOf(view, action.ordinal), options);
      case 'requestExit':
        return pools.requestExit(pool, recordOf(view, action.ordinal), options);
      case 'startCheckpoint':
        return pools.startCheckpoint(pool, options);
      case 'openCheckpoint':
        return this.openCheckpoint(view, options);
      case 'resolvePending':
        return this.resolvePending(action, view, options);
      case 'resolveLanded':
        return this.resolveLanded(action, view, options);
      case 'proveBalances':
        return this.proveBalances(action, view, options);
      case 'finishCheckpoint':
        return pools.finishCheckpoint(pool, options);
      case 'finalizeWithdrawals':
        return pools.finalize(pool, { most: BigInt(action.most) }, options);
      case 'proveReference':
        return this.proveReference(action, view, options);
      case 'proveRecovery':
        return this.proveRecovery(action, view, options);
      case 'settle':
        return pools.settle(pool, { ordinal: action.ordinal }, options);
      case 'raiseProvisions':
        return this.raiseProvisions(action, options);
      case 'advanceTurns':
        return this.advanceTurns(action, options);
    }
  }

  /** The validator in the youngest state that can be shown. */
  private lifeProof(ordinal: number, view: View) {
    const { proof, state } = momentOf(view);
    return { ordinal, state: proof, validator: verifierValidatorProof(state, indexOf(view, ordinal)) };
  }

  private async proveWithdrawn({ ordinal }: Of<'proveWithdrawn'>, view: View, options: Options): Promise<Result> {
    const balance = verifierBalancesProof(momentOf(view).state, [indexOf(view, ordinal)]);
    return pools.proveWithdrawn(this.pool, { ...this.lifeProof(ordinal, view), balance }, options);
  }

  private async openCheckpoint(view: View, options: Options): Promise<Result> {
    const { header, state } = frozenOf(view);
    // The root was stored when the checkpoint started: the timestamp is not read.
    const proof = verifierStateProof(state, header.header, 0);
    return pools.openCheckpoint(this.pool, { state: proof, opening: verifierBalancesOpening(state) }, options);
  }

  private async resolvePending({ ordinal }: Of<'resolvePending'>, view: View, options: Options): Promise<Result> {
    const { state } = frozenOf(view);
    const { pubkey, depositSlot, inFlightGwei } = recordOf(view, ordinal);
    const position = pools.findPendingDeposit(state, { pubkey, slot: depositSlot, amountGwei: inFlightGwei });
    if (position === null) throw new KeeperEvidenceError('the deposit is not pending', { data: { ordinal } });
    return pools.resolvePending(this.pool, { ordinal, run: verifierPendingRun(state, position, 1) }, options);
  }

  /**
   * The part of the list that shows a deposit to be gone, in one call if it fits. A longer one is shown in parts, each
   * from where the last one ended; the ledger tells where that is only by refusing what lies beyond, so the last part
   * that it takes is sent.
   */
  private async resolveLanded({ ordinal }: Of<'resolveLanded'>, view: View, options: Options): Promise<Result> {
    const { state } = frozenOf(view);
    const { index, depositSlot } = recordOf(view, ordinal);
    const exiting = validatorFields(state, index).exitEpoch !== FAR_FUTURE_EPOCH;
    const validator = verifierValidatorProof(state, index);
    const whole = pools.landedRun(state, depositSlot, exiting);
    const count = whole.items.length;
    if (count <= DEPOSITS_PER_CALL) return pools.resolveLanded(this.pool, { ordinal, validator, run: whole }, options);
    for (let part = Math.ceil(count / DEPOSITS_PER_CALL) - 1; ; part -= 1) {
      const first = part * DEPOSITS_PER_CALL;
      const run = verifierPendingRun(state, first, Math.min(DEPOSITS_PER_CALL, count - first));
      try {
        return await pools.resolveLanded(this.pool, { ordinal, validator, run }, options);
      } catch (error) {
        const beyond = error instanceof pools.PoolRevertError && error.errorName === 'DepositNotShownLanded';
        if (!beyond || part === 0) throw error;
      }
    }
  }

  private raiseProvisions({ operatorId, from, to }: Of<'raiseProvisions'>, options: Options): Promise<Result> {
    const { addresses } = this.pool.manifest;
    const args = [operatorId, BigInt(from), BigInt(to)] as const;
    const call = {
      address: addresses.enforcer,
      abi: pools.ABIS.enforcer,
      functionName: 'raiseProvisions',
      args,
    } as const;
    return pools.send(this.pool, call, options);
  }

  private advanceTurns({ most }: Of<'advanceTurns'>, options: Options): Promise<Result> {
    const { addresses } = this.pool.manifest;
    const call = {
      address: addresses.ledger,
      abi: pools.ABIS.ledger,
      functionName: 'advanceTurns',
      args: [most],
    } as const;
    return pools.send(this.pool, call, options);
  }

  private async proveBalances({ ordinals }: Of<'proveBalances'>, view: View, options: Options): Promise<Result> {
    const records = ordinals.map((ordinal) => recordOf(view, ordinal));
    return pools.proveBalances(this.pool, pools.balancesBatch(frozenOf(view).state, records), options);
  }

  private async proveReference({ ordinal, slot }: Of<'proveReference'>, view: View, options: Options): Promise<Result> {
    const { proof, state: recent } = momentOf(view);
    const { header, state } = await this.archive.at(slot);
    const index = indexOf(view, ordinal);
    const parameters = {
      ordinal,
      state: proof,
      hop: await hopTo(this.beaconClient, recent, header),
      validator: verifierValidatorProof(state, index),
      balance: verifierBalancesProof(state, [index]),
    };
    return pools.proveReference(this.pool, parameters, options);
  }

  private async proveRecovery(action: Of<'proveRecovery'>, view: View, options: Options): Promise<Result> {
    const { ordinal, slot, withdrawalIndex } = action;
    const { proof, root, state: recent } = momentOf(view);
    const { header, state } = await this.archive.at(slot);
    const block = await this.beaconClient.block(header.root);
    const position = pools.withdrawalsOf(state, block).findIndex(({ index }) => index === withdrawalIndex);
    if (position < 0) {
      throw new KeeperEvidenceError('the beacon block does not have the withdrawal of the execution block', {
        data: { ordinal, slot, withdrawalIndex },
      });
    }
    const own = header.root === root;
    const hop = own ? pools.noHop(header.header) : await hopTo(this.beaconClient, recent, header);
    const withdrawal = pools.withdrawalProof(state, block, position);
    return pools.proveRecovery(this.pool, { ordinal, state: proof, hop, withdrawal }, options);
  }
}

function momentOf({ moment }: View): pools.ProvableMoment {
  if (moment) return moment;
  throw new KeeperEvidenceError('there is no beacon state to prove from');
}

/** The block that the checkpoint froze, and its post-state. */
function frozenOf({ frozen }: View): VerifiedState {
  if (frozen) return frozen;
  throw new KeeperEvidenceError("the checkpoint's state is not there");
}

function recordOf({ snapshot }: View, ordinal: number): pools.ValidatorSnapshot {
  const record = snapshot.validators[ordinal - 1];
  if (record?.ordinal === ordinal) return record;
  throw new KeeperEvidenceError('the ledger has no such validator', { data: { ordinal } });
}

/** The validator's index in the beacon registry, as the observed state has it. */
function indexOf({ observation }: View, ordinal: number): number {
  const validator = observation.beacon?.validators.get(ordinal);
  if (validator) return validator.index;
  throw new KeeperEvidenceError('the beacon state does not have the validator', { data: { ordinal } });
}
