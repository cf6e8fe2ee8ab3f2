import type { routes } from '@lodestar/api';
import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { ApiError } from '@lodestar/api/server';
import {
  EPOCHS_PER_HISTORICAL_VECTOR,
  ForkSeq,
  SLOTS_PER_EPOCH,
  SYNC_COMMITTEE_SIZE,
  SYNC_COMMITTEE_SUBNET_COUNT,
} from '@lodestar/params';
import {
  type BeaconStateAllForks,
  computeEpochAtSlot,
  computeStartSlotAtEpoch,
  computeSyncPeriodAtEpoch,
  getRandaoMix,
} from '@lodestar/state-transition';
import { getValidatorStatus, mapToGeneralStatus } from '@lodestar/types';
import type { Devnet } from '../devnet.ts';
import { type Identifier, metaAt, resolveBlock, resolveCachedState, resolveState } from './resolve.ts';
import { toldBalance, toldState, toldStateRoot } from './tamper.ts';
import { findValidators } from './validator-filter.ts';

type StateMethods = Pick<BeaconApiMethods, 'beacon' | 'debug'>;

/** `/eth/v1/beacon/states/{state_id}/…`. */
export function stateMethods(devnet: Devnet) {
  const { chain, config } = devnet;

  /** What every one of these needs: the state, and the metadata that goes with it. */
  const at = (stateId: Identifier) => {
    const state = resolveState(chain, stateId);
    return { state, meta: metaAt(chain, state.slot) };
  };
  const electraAt = (stateId: Identifier) => {
    const { state, meta } = at(stateId);
    return { state: state as typeof chain.state, meta };
  };
  const validator = (state: BeaconStateAllForks, index: number): routes.beacon.ValidatorResponse => {
    const value = state.validators.getReadonly(index).toValue();
    const balance = toldBalance(devnet.tampered, index, state.balances.get(index));
    return { index, balance, status: getValidatorStatus(value, computeEpochAtSlot(state.slot)), validator: value };
  };
  const validators = (stateId: Identifier, ids?: Identifier[], statuses: readonly string[] = []) => {
    const { state, meta } = at(stateId);
    const all = findValidators(state, ids).map((index) => validator(state, index));
    const passes = ({ status }: routes.beacon.ValidatorResponse) =>
      statuses.length === 0 || statuses.includes(status) || statuses.includes(mapToGeneralStatus(status));
    return { data: all.filter(passes), meta };
  };
  const balances = (stateId: Identifier, ids?: Identifier[]) => {
    const { state, meta } = at(stateId);
    const data = findValidators(state, ids).map((index) => ({
      index,
      balance: toldBalance(devnet.tampered, index, state.balances.get(index)),
    }));
    return { data, meta };
  };

  return {
    async getStateRoot({ stateId }) {
      const { state, meta } = at(stateId);
      return { data: { root: toldStateRoot(devnet.tampered, state.hashTreeRoot()) }, meta };
    },
    async getStateFork({ stateId }) {
      const { state, meta } = at(stateId);
      return { data: state.fork.toValue(), meta };
    },
    async getStateRandao({ stateId, epoch }) {
      const { state, meta } = at(stateId);
      const current = computeEpochAtSlot(state.slot);
      const asked = epoch ?? current;
      if (asked > current || asked + EPOCHS_PER_HISTORICAL_VECTOR <= current) {
        throw new ApiError(400, `Epoch ${asked} is out of range of the state at epoch ${current}`);
      }
      return { data: { randao: getRandaoMix(state, asked) }, meta };
    },
    async getStateFinalityCheckpoints({ stateId }) {
      const { state, meta } = at(stateId);
      const data = {
        previousJustified: state.previousJustifiedCheckpoint.toValue(),
        currentJustified: state.currentJustifiedCheckpoint.toValue(),
        finalized: state.finalizedCheckpoint.toValue(),
      };
      return { data, meta };
    },
    async getStateValidator({ stateId, validatorId }) {
      const { state, meta } = at(stateId);
      const [index] = findValidators(state, [validatorId]);
      if (index === undefined) throw new ApiError(404, `Validator not found: ${validatorId}`);
      return { data: validator(state, index), meta };
    },
    async getStateValidators({ stateId, validatorIds, statuses }) {
      return validators(stateId, validatorIds, statuses);
    },
    async postStateValidators({ stateId, validatorIds, statuses }) {
      return validators(stateId, validatorIds, statuses);
    },
    async postStateValidatorIdentities({ stateId, validatorIds }) {
      const { state, meta } = at(stateId);
      const data = findValidators(state, validatorIds).map((index) => {
        const { activationEpoch, pubkey } = state.validators.getReadonly(index);
        return { index, pubkey, activationEpoch };
      });
      return { data, meta };
    },
    async getStateValidatorBalances({ stateId, validatorIds }) {
      return balances(stateId, validatorIds);
    },
    async postStateValidatorBalances({ stateId, validatorIds }) {
      return balances(stateId, validatorIds);
    },
    async getEpochCommittees({ stateId, epoch, index, slot }) {
      const state = resolveCachedState(chain, stateId);
      const asked = epoch ?? computeEpochAtSlot(slot ?? state.slot);
      const { committees } = shufflingOf(state, asked);
      const first = computeStartSlotAtEpoch(asked);
      const data = committees.flatMap((ofSlot, offset) =>
        ofSlot.map((members, position) => ({
          index: position,
          slot: first + offset,
          validators: Array.from(members),
        })),
      );
      const matching = data.filter(
        (committee) =>
          (slot === undefined || committee.slot === slot) && (index === undefined || committee.index === index),
      );
      return { data: matching, meta: metaAt(chain, state.slot) };
    },
    async getEpochSyncCommittees({ stateId, epoch }) {
      const state = resolveCachedState(chain, stateId);
      const asked = epoch ?? computeEpochAtSlot(state.slot);
      const ahead = computeSyncPeriodAtEpoch(asked) - computeSyncPeriodAtEpoch(computeEpochAtSlot(state.slot));
      if (ahead !== 0 && ahead !== 1) throw new ApiError(400, `No sync committee is known for epoch ${asked}`);
      const validatorsOf = Array.from(state.epochCtx.getIndexedSyncCommitteeAtEpoch(asked).validatorIndices);
      const size = SYNC_COMMITTEE_SIZE / SYNC_COMMITTEE_SUBNET_COUNT;
      const validatorAggregates = Array.from({ length: SYNC_COMMITTEE_SUBNET_COUNT }, (_, subnet) =>
        validatorsOf.slice(subnet * size, (subnet + 1) * size),
      );
      return { data: { validators: validatorsOf, validatorAggregates }, meta: metaAt(chain, state.slot) };
    },
    async getPendingDeposits({ stateId }) {
      const { state, meta } = electraAt(stateId);
      return { data: state.pendingDeposits.toValue(), meta };
    },
    async getPendingPartialWithdrawals({ stateId }) {
      const { state, meta } = electraAt(stateId);
      return { data: state.pendingPartialWithdrawals.toValue(), meta };
    },
    async getPendingConsolidations({ stateId }) {
      const { state, meta } = electraAt(stateId);
      return { data: state.pendingConsolidations.toValue(), meta };
    },
    async getProposerLookahead({ stateId }) {
      const { state, meta } = electraAt(stateId);
      if (config.getForkSeq(state.slot) < ForkSeq.fulu) throw new ApiError(400, 'No proposer lookahead before Fulu');
      return { data: state.proposerLookahead.toValue(), meta };
    },
  } satisfies Partial<StateMethods['beacon']>;
}

/** `/eth/v2/debug/beacon/…`: the whole state, as SSZ or JSON. */
export function debugMethods(devnet: Devnet) {
  const { chain } = devnet;
  return {
    async getStateV2({ stateId }, context) {
      const state = toldState(devnet.tampered, resolveState(chain, stateId));
      const meta = metaAt(chain, state.slot);
      return { data: context?.returnBytes ? state.serialize() : state.toValue(), meta };
    },
    async getDebugChainHeadsV2() {
      const head = resolveBlock(chain, 'head');
      return { data: [{ slot: head.slot, root: head.root, executionOptimistic: false }] };
    },
  } satisfies Partial<StateMethods['debug']>;
}

function shufflingOf(state: Devnet['state'], epoch: number) {
  const shuffling = state.epochCtx.getShufflingAtEpochOrNull(epoch);
  if (!shuffling) {
    const reach = `${SLOTS_PER_EPOCH}-slot epochs around ${computeEpochAtSlot(state.slot)}`;
    throw new ApiError(400, `The committees of epoch ${epoch} are not known to this state: it knows the ${reach}`);
  }
  return shuffling;
}
