import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { ApiError } from '@lodestar/api/server';
import { EPOCHS_PER_HISTORICAL_VECTOR, ForkSeq } from '@lodestar/params';
import { computeEpochAtSlot, getRandaoMix } from '@lodestar/state-transition';
import type { Devnet } from '../devnet.ts';
import { metaAt, resolveBlock, resolveState, stateWithMeta } from './resolve.ts';
import { toldState, toldStateRoot } from './tamper.ts';

/** `/eth/v1/beacon/states/{state_id}/…`: the state as a whole, and its queues. */
export function stateMethods(devnet: Devnet) {
  const { chain, config } = devnet;
  return {
    async getStateRoot({ stateId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      return { data: { root: toldStateRoot(devnet.tampered, state.hashTreeRoot()) }, meta };
    },
    async getStateFork({ stateId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      return { data: state.fork.toValue(), meta };
    },
    async getStateRandao({ stateId, epoch }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      const current = computeEpochAtSlot(state.slot);
      const asked = epoch ?? current;
      if (asked > current || asked + EPOCHS_PER_HISTORICAL_VECTOR <= current) {
        throw new ApiError(400, `Epoch ${asked} is out of range of the state at epoch ${current}`);
      }
      return { data: { randao: getRandaoMix(state, asked) }, meta };
    },
    async getStateFinalityCheckpoints({ stateId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      const data = {
        previousJustified: state.previousJustifiedCheckpoint.toValue(),
        currentJustified: state.currentJustifiedCheckpoint.toValue(),
        finalized: state.finalizedCheckpoint.toValue(),
      };
      return { data, meta };
    },
    async getPendingDeposits({ stateId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      return { data: state.pendingDeposits.toValue(), meta };
    },
    async getPendingPartialWithdrawals({ stateId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      return { data: state.pendingPartialWithdrawals.toValue(), meta };
    },
    async getPendingConsolidations({ stateId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      return { data: state.pendingConsolidations.toValue(), meta };
    },
    async getProposerLookahead({ stateId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
      if (config.getForkSeq(state.slot) < ForkSeq.fulu) throw new ApiError(400, 'No proposer lookahead before Fulu');
      return { data: state.proposerLookahead.toValue(), meta };
    },
  } satisfies Partial<BeaconApiMethods['beacon']>;
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
  } satisfies Partial<BeaconApiMethods['debug']>;
}
