import { toHex } from '@holdfast/units';
import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { ApiError } from '@lodestar/api/server';
import { computeStartSlotAtEpoch } from '@lodestar/state-transition';
import type { Devnet } from '../devnet.ts';
import { resolveCachedState } from './resolve.ts';

/** `/eth/v1/validator/…`: who does what when, and where fees go. */
export function validatorMethods(devnet: Devnet) {
  const { chain } = devnet;

  /** A state that knows the duties of `epoch`: the current one, or for past epochs one of that epoch. */
  const stateFor = (epoch: number) => {
    if (epoch > devnet.epoch + 1) throw new ApiError(400, `Epoch ${epoch} is more than one ahead of ${devnet.epoch}`);
    return epoch >= devnet.epoch ? chain.state : resolveCachedState(chain, computeStartSlotAtEpoch(epoch));
  };
  /** The block whose replacement would change the duties: the last one before `slot`. */
  const dependentRoot = (slot: number) => (chain.store.atOrBefore(Math.max(0, slot - 1)) ?? chain.genesisBlock).root;

  const proposerDuties = (epoch: number) => {
    const state = stateFor(epoch);
    const proposers =
      epoch > devnet.epoch ? state.epochCtx.getBeaconProposersNextEpoch() : state.epochCtx.getBeaconProposers();
    const data = proposers.map((validatorIndex, offset) => ({
      pubkey: state.validators.getReadonly(validatorIndex).pubkey,
      validatorIndex,
      slot: computeStartSlotAtEpoch(epoch) + offset,
    }));
    const root = dependentRoot(computeStartSlotAtEpoch(epoch));
    return { data, meta: { executionOptimistic: false, dependentRoot: root } };
  };

  return {
    async getProposerDuties({ epoch }) {
      return proposerDuties(epoch);
    },
    async getProposerDutiesV2({ epoch }) {
      return proposerDuties(epoch);
    },
    async getAttesterDuties({ epoch, indices }) {
      const state = stateFor(epoch);
      const known = indices.filter((index) => index < state.validators.length);
      const data = [...state.epochCtx.getCommitteeAssignments(epoch, known)].map(([validatorIndex, duty]) => ({
        ...duty,
        validatorIndex,
        pubkey: state.validators.getReadonly(validatorIndex).pubkey,
      }));
      const root = dependentRoot(computeStartSlotAtEpoch(Math.max(0, epoch - 1)));
      return { data, meta: { executionOptimistic: false, dependentRoot: root } };
    },
    async getSyncCommitteeDuties({ epoch, indices }) {
      const state = chain.state;
      const { validatorIndexMap } = state.epochCtx.getIndexedSyncCommitteeAtEpoch(epoch);
      const data = indices.flatMap((validatorIndex) => {
        const positions = validatorIndexMap.get(validatorIndex);
        if (!positions) return [];
        const { pubkey } = state.validators.getReadonly(validatorIndex);
        return [{ pubkey, validatorIndex, validatorSyncCommitteeIndices: positions }];
      });
      return { data, meta: { executionOptimistic: false } };
    },
    async prepareBeaconProposer({ proposers }) {
      for (const { validatorIndex, feeRecipient } of proposers) {
        if (Number(validatorIndex) >= chain.state.validators.length) continue;
        const address = typeof feeRecipient === 'string' ? (feeRecipient as `0x${string}`) : toHex(feeRecipient);
        devnet.setFeeRecipient(Number(validatorIndex), address);
      }
    },
    async getLiveness({ epoch, indices }) {
      // Participation flags are kept for the current and the previous epoch alone.
      const age = devnet.epoch - epoch;
      if (age !== 0 && age !== 1) throw new ApiError(400, `Liveness of epoch ${epoch} is not known any more`);
      const flags = age === 0 ? chain.state.currentEpochParticipation : chain.state.previousEpochParticipation;
      // A vote counts from when it is seen; no block need have it yet.
      const { slasher } = chain.books;
      const isLive = (index: number) =>
        index < flags.length && (flags.get(index) !== 0 || slasher.hasVoted(index, epoch));
      const data = indices.map((index) => ({ index, isLive: isLive(index) }));
      return { data };
    },
  } satisfies Partial<BeaconApiMethods['validator']>;
}
