import type { routes } from '@lodestar/api';
import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { ApiError } from '@lodestar/api/server';
import { type BeaconStateAllForks, computeEpochAtSlot } from '@lodestar/state-transition';
import { getValidatorStatus, mapToGeneralStatus } from '@lodestar/types';
import type { Devnet } from '../devnet.ts';
import { type Identifier, stateWithMeta } from './resolve.ts';
import { toldBalance } from './tamper.ts';
import { findValidators } from './validator-filter.ts';

/** `/eth/v1/beacon/states/{state_id}/{validators,validator_balances,validator_identities}`. */
export function registryMethods(devnet: Devnet) {
  const { chain } = devnet;
  const validator = (state: BeaconStateAllForks, index: number): routes.beacon.ValidatorResponse => {
    const value = state.validators.getReadonly(index).toValue();
    const balance = toldBalance(devnet.tampered, index, state.balances.get(index));
    return { index, balance, status: getValidatorStatus(value, computeEpochAtSlot(state.slot)), validator: value };
  };
  const validators = (stateId: Identifier, ids?: Identifier[], statuses: readonly string[] = []) => {
    const { state, meta } = stateWithMeta(chain, stateId);
    const all = findValidators(state, ids).map((index) => validator(state, index));
    const passes = ({ status }: routes.beacon.ValidatorResponse) =>
      statuses.length === 0 || statuses.includes(status) || statuses.includes(mapToGeneralStatus(status));
    return { data: all.filter(passes), meta };
  };
  const balances = (stateId: Identifier, ids?: Identifier[]) => {
    const { state, meta } = stateWithMeta(chain, stateId);
    const data = findValidators(state, ids).map((index) => ({
      index,
      balance: toldBalance(devnet.tampered, index, state.balances.get(index)),
    }));
    return { data, meta };
  };

  return {
    async getStateValidator({ stateId, validatorId }) {
      const { state, meta } = stateWithMeta(chain, stateId);
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
      const { state, meta } = stateWithMeta(chain, stateId);
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
  } satisfies Partial<BeaconApiMethods['beacon']>;
}
