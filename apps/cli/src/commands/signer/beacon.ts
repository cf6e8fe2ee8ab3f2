import type { Pubkey } from '@holdfast/units';
import { CliNetworkError } from '../../errors.ts';
import { shown } from '../../net/urls.ts';
import { setPresetOf } from '../../preset.ts';
import { parseNetwork, type SignerNetwork } from './networks.ts';

/** The network that these beacon nodes are on. The first that answers is believed: it is asked once, and its answer kept. */
export async function networkOfNode(beaconUrls: readonly string[]): Promise<SignerNetwork> {
  await setPresetOf(beaconUrls);
  const { BeaconClient } = await import('@holdfast/beacon');
  const client = new BeaconClient({ urls: beaconUrls });
  const [genesis, spec] = await Promise.all([client.genesis(), client.spec()]);
  const { values, config, presetBase, configName } = spec;
  return parseNetwork(
    {
      name: /^[\w-]{1,40}$/.test(configName) ? configName : presetBase,
      preset: presetBase,
      genesisValidatorsRoot: genesis.genesisValidatorsRoot,
      genesisForkVersion: genesis.genesisForkVersion,
      capellaForkVersion: values.CAPELLA_FORK_VERSION ?? null,
      genesisTime: genesis.genesisTime,
      secondsPerSlot: config.SLOT_DURATION_MS / 1000,
      slotsPerEpoch: Number(values.SLOTS_PER_EPOCH),
    },
    'the beacon node',
  );
}

/** How long a node may take to answer; a look is repeated every slot. */
const TIMEOUT_MS = 5_000;

/** One beacon node as the doppelganger watch asks it. */
export async function livenessNode(url: string) {
  const { BeaconClient } = await import('@holdfast/beacon');
  const client = new BeaconClient({ urls: [url], timeoutMs: TIMEOUT_MS, roundsMax: 1 });
  return {
    name: shown(url),
    async status() {
      const [genesis, syncing] = await Promise.all([client.genesis(), client.validatorApi.syncing()]);
      const { headSlot, isSyncing, isOptimistic, elOffline } = syncing;
      return {
        genesisValidatorsRoot: genesis.genesisValidatorsRoot,
        headSlot,
        syncing: isSyncing || isOptimistic || elOffline,
      };
    },
    async validators(pubkeys: readonly Pubkey[]) {
      const found = await client.validators('head', { ids: pubkeys });
      return new Map(
        found.map(({ index, status, validator }) => [
          validator.pubkey as Pubkey,
          { index, active: !status.startsWith('pending') },
        ]),
      );
    },
    async liveness(epoch: number, indices: readonly number[]) {
      const answers = await client.validatorApi.liveness(epoch, indices);
      return new Map(answers.map(({ validatorIndex, isLive }) => [validatorIndex, isLive]));
    },
  };
}

/** What the Keymanager API needs of the chain to build a voluntary exit. */
export async function exitBeacon(beaconUrls: readonly string[], network: SignerNetwork) {
  const { BeaconClient } = await import('@holdfast/beacon');
  const client = new BeaconClient({ urls: beaconUrls, timeoutMs: TIMEOUT_MS });
  const { genesisTime, secondsPerSlot, slotsPerEpoch, genesisValidatorsRoot } = network;
  return {
    async currentEpoch(): Promise<bigint> {
      return BigInt(Math.max(0, Math.floor((Date.now() / 1000 - genesisTime) / secondsPerSlot / slotsPerEpoch)));
    },
    async validatorIndex(pubkey: Pubkey): Promise<bigint | undefined> {
      const [found] = await client.validators('head', { ids: [pubkey] });
      return found && BigInt(found.index);
    },
    async forkInfo(epoch: bigint) {
      const schedule = await client.forkSchedule();
      const fork = schedule.filter((entry) => entry.epoch <= Number(epoch)).sort((a, b) => b.epoch - a.epoch)[0];
      if (fork === undefined)
        throw new CliNetworkError('the beacon node knows no fork for this epoch', { data: { epoch } });
      return {
        fork: {
          previous_version: fork.previousVersion,
          current_version: fork.currentVersion,
          epoch: String(fork.epoch),
        },
        genesis_validators_root: genesisValidatorsRoot,
      };
    },
  };
}
