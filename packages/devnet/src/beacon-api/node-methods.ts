import { BitArray } from '@chainsafe/ssz';
import { routes } from '@lodestar/api';
import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { chainConfigToJson, type SpecJson, specValuesToJson } from '@lodestar/config';
import * as params from '@lodestar/params';
import type { Devnet } from '../devnet.ts';

const CLIENT = { name: 'Holdfast devnet', version: '0.1.0' };

/** `/eth/v1/node/…`: a node that is always in sync and has no peers. */
export function nodeMethods(devnet: Devnet) {
  return {
    async getNodeVersion() {
      return { data: { version: `${CLIENT.name}/v${CLIENT.version}` } };
    },
    async getNodeVersionV2() {
      const beaconNode = { code: routes.node.ClientCode.XX, ...CLIENT, commit: '0x00000000' };
      return { data: { beaconNode } };
    },
    async getNetworkIdentity() {
      const metadata = { seqNumber: 0n, attnets: BitArray.fromBitLen(64), syncnets: BitArray.fromBitLen(4) };
      return { data: { peerId: '', enr: '', p2pAddresses: [], discoveryAddresses: [], metadata } };
    },
    async getPeerCount() {
      return { data: { disconnected: 0, connecting: 0, connected: 0, disconnecting: 0 } };
    },
    async getSyncingStatus() {
      const status = { syncDistance: 0, isSyncing: false, isOptimistic: false, elOffline: false };
      return { data: { headSlot: devnet.chain.head.slot, ...status } };
    },
    async getHealth() {
      return { status: 200 };
    },
  } satisfies Partial<BeaconApiMethods['node']>;
}

/** `/eth/v1/config/…`. */
export function configMethods(devnet: Devnet) {
  const { config } = devnet;
  return {
    async getSpec() {
      return { data: spec(devnet) };
    },
    async getForkSchedule() {
      const reachable = config.forksAscendingEpochOrder.filter(({ epoch }) => Number.isFinite(epoch));
      const data = reachable.map(({ version, prevVersion, epoch }) => ({
        previousVersion: prevVersion,
        currentVersion: version,
        epoch,
      }));
      return { data };
    },
    async getDepositContract() {
      return { data: { chainId: config.DEPOSIT_CHAIN_ID, address: config.DEPOSIT_CONTRACT_ADDRESS } };
    },
  } satisfies Partial<BeaconApiMethods['config']>;
}

/** Configuration, preset and constants in one object of strings, as the standard wants them. */
function spec({ config }: Devnet): SpecJson {
  const constants = Object.entries(params).filter(
    ([name, value]) => CONSTANT.test(name) && (typeof value === 'number' || value instanceof Uint8Array),
  ) as [string, number | Uint8Array][];
  return {
    ...specValuesToJson(Object.fromEntries(constants)),
    ...params.presetToJson(params.activePreset),
    ...chainConfigToJson(config),
  };
}

/** The spec's constants by name. The library exports helpers of its own beside them. */
const CONSTANT =
  /^(DOMAIN_|TIMELY_|PARTICIPATION_|.*_WITHDRAWAL_PREFIX$|.*_REQUEST_TYPE$|.*_WEIGHT$|WEIGHT_DENOMINATOR$|BASE_REWARDS_PER_EPOCH$|DEPOSIT_CONTRACT_TREE_DEPTH$|JUSTIFICATION_BITS_LENGTH$|TARGET_AGGREGATORS_PER_|SYNC_COMMITTEE_SUBNET_COUNT$|GENESIS_(SLOT|EPOCH)$)/;
