import './hasher.ts';
import { SecretKey } from '@chainsafe/blst';
import { fromHex } from '@holdfast/units';
import { type BeaconConfig, type ChainConfig, createBeaconConfig } from '@lodestar/config';
import { FAR_FUTURE_EPOCH, ForkSeq, GENESIS_EPOCH, GENESIS_SLOT } from '@lodestar/params';
import {
  type BeaconStateAllForks,
  type BeaconStateElectra,
  type CachedBeaconStateAllForks,
  type CachedBeaconStateElectra,
  type CachedBeaconStateFulu,
  createCachedBeaconState,
  createPubkeyCache,
  getEffectiveBalanceIncrementsWithLen,
  getMaxEffectiveBalance,
  getNextSyncCommittee,
} from '@lodestar/state-transition';
import { upgradeStateToFulu, upgradeStateToGloas } from '@lodestar/state-transition/slot';
import { ssz } from '@lodestar/types';
import type { ExecutionHead } from '../execution/port.ts';
import type { GenesisValidator } from '../options.ts';
import { withdrawalCredentials } from './deposit-data.ts';
import { genesisSecretKey } from './keys.ts';
import { rootOf, type StoredBlock } from './store.ts';
import { asDevnetState, type DevnetBlock, type DevnetState } from './types.ts';

const EFFECTIVE_BALANCE_INCREMENT = 1_000_000_000;
const MIN_ACTIVATION_BALANCE = 32_000_000_000;

/**
 * `count` interop validators of 32 ETH. They compound (`0x02`), so that their rewards stay in their balances and the
 * withdrawal sweep belongs to whoever is watched on this chain.
 */
export function interopValidators(count: number): GenesisValidator[] {
  return Array.from({ length: count }, (_, index) => ({
    secretKey: genesisSecretKey(index),
    withdrawalCredentials: withdrawalCredentials('0x02', `0x${(0x1000 + index).toString(16).padStart(40, '0')}`),
    balance: MIN_ACTIVATION_BALANCE,
  }));
}

export interface GenesisParameters {
  readonly chainConfig: ChainConfig;
  /** Seconds since 1970 of slot 0. */
  readonly genesisTime: number;
  readonly validators: readonly GenesisValidator[];
  /** The execution block that slot 1's payload builds on. */
  readonly executionHead: ExecutionHead;
}

/**
 * The state at slot 0. It is laid out at Electra, then upgraded by the spec's own fork functions to the fork that the
 * configuration has at epoch 0, as consensus-specs' test genesis does.
 */
export function makeGenesisState(parameters: GenesisParameters): { config: BeaconConfig; state: DevnetState } {
  const { chainConfig } = parameters;
  const electraView = electraGenesisView(parameters);
  const { genesisValidatorsRoot } = electraView;
  const at = (epochs: Partial<ChainConfig>) => createBeaconConfig({ ...chainConfig, ...epochs }, genesisValidatorsRoot);
  const never = Number.POSITIVE_INFINITY;
  const cached = (view: BeaconStateAllForks, config: BeaconConfig): CachedBeaconStateAllForks =>
    createCachedBeaconState(view, { config, pubkeyCache: createPubkeyCache() });

  let state = cached(electraView, at({ FULU_FORK_EPOCH: never, GLOAS_FORK_EPOCH: never }));
  if (chainConfig.FULU_FORK_EPOCH === GENESIS_EPOCH) {
    state = cached(upgradeStateToFulu(state as CachedBeaconStateElectra), at({ GLOAS_FORK_EPOCH: never }));
  }
  if (chainConfig.GLOAS_FORK_EPOCH === GENESIS_EPOCH) state = upgradeStateToGloas(state as CachedBeaconStateFulu);
  const config = at({});
  state.latestBlockHeader = genesisHeader(config);
  state.commit();
  const genesis = cached(state, config);
  genesis.hashTreeRoot();
  return { config, state: asDevnetState(genesis) };
}

/** The header of a block that nobody proposed: its body is the fork's empty one. */
function genesisHeader(config: BeaconConfig) {
  const { BeaconBlock, BeaconBlockBody } = config.getForkTypes(GENESIS_SLOT);
  return ssz.phase0.BeaconBlockHeader.toViewDU({
    slot: GENESIS_SLOT,
    proposerIndex: 0,
    parentRoot: new Uint8Array(32),
    stateRoot: new Uint8Array(32),
    bodyRoot: BeaconBlockBody.hashTreeRoot(BeaconBlock.defaultValue().body),
  });
}

function electraGenesisView(parameters: GenesisParameters): BeaconStateElectra {
  const { chainConfig, executionHead, validators } = parameters;
  const view = ssz.electra.BeaconState.defaultViewDU();
  const blockHash = fromHex(executionHead.blockHash, 32);
  const increments = getEffectiveBalanceIncrementsWithLen(validators.length);
  validators.forEach((validator, index) => {
    const credentials = fromHex(validator.withdrawalCredentials, 32);
    const whole = validator.balance - (validator.balance % EFFECTIVE_BALANCE_INCREMENT);
    const effectiveBalance = Math.min(whole, getMaxEffectiveBalance(credentials));
    increments[index] = effectiveBalance / EFFECTIVE_BALANCE_INCREMENT;
    view.validators.push(
      ssz.phase0.Validator.toViewDU({
        pubkey: SecretKey.fromBytes(validator.secretKey).toPublicKey().toBytes(),
        withdrawalCredentials: credentials,
        effectiveBalance,
        slashed: false,
        activationEligibilityEpoch: GENESIS_EPOCH,
        activationEpoch: GENESIS_EPOCH,
        exitEpoch: FAR_FUTURE_EPOCH,
        withdrawableEpoch: FAR_FUTURE_EPOCH,
      }),
    );
    view.balances.push(validator.balance);
    view.previousEpochParticipation.push(0);
    view.currentEpochParticipation.push(0);
    view.inactivityScores.push(0);
  });
  view.commit();

  view.genesisTime = parameters.genesisTime;
  view.genesisValidatorsRoot = view.validators.hashTreeRoot();
  view.fork = ssz.phase0.Fork.toViewDU({
    previousVersion: chainConfig.DENEB_FORK_VERSION,
    currentVersion: chainConfig.ELECTRA_FORK_VERSION,
    epoch: GENESIS_EPOCH,
  });
  view.eth1Data = ssz.phase0.Eth1Data.toViewDU({
    depositRoot: new Uint8Array(32),
    depositCount: BigInt(validators.length),
    blockHash,
  });
  // The genesis deposits count as seen, so EIP-6110 requests are applied from the first on.
  view.eth1DepositIndex = validators.length;
  view.depositRequestsStartIndex = BigInt(validators.length);
  // As initialize_beacon_state_from_eth1 does: every mix begins as the execution block's hash.
  for (let index = 0; index < view.randaoMixes.length; index++) view.randaoMixes.set(index, blockHash);
  const indices = Uint32Array.from(validators.keys());
  const { syncCommittee } = getNextSyncCommittee(ForkSeq.electra, view, indices, increments);
  view.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  view.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  view.latestExecutionPayloadHeader = ssz.electra.ExecutionPayloadHeader.toViewDU({
    ...ssz.electra.ExecutionPayloadHeader.defaultValue(),
    blockHash,
    blockNumber: executionHead.blockNumber,
    timestamp: executionHead.timestamp,
  });
  view.commit();
  return view;
}

/** The block that the genesis state's header stands for. Nobody signed it: its signature is zero. */
export function genesisBlock(config: BeaconConfig, state: DevnetState): StoredBlock {
  const stateRoot = state.hashTreeRoot();
  const message = { ...config.getForkTypes(GENESIS_SLOT).BeaconBlock.defaultValue(), stateRoot };
  const header = { ...state.latestBlockHeader.toValue(), stateRoot };
  const signature = new Uint8Array(96);
  return {
    slot: GENESIS_SLOT,
    root: rootOf(ssz.phase0.BeaconBlockHeader.hashTreeRoot(header)),
    stateRoot: rootOf(stateRoot),
    parentRoot: rootOf(header.parentRoot),
    executionBlockHash: rootOf(state.eth1Data.blockHash),
    envelope: null,
    block: { message, signature } as DevnetBlock,
    header: { message: header, signature },
  };
}
