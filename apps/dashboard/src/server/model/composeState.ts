import type { OperatorSnapshot, PoolManifest, PoolSnapshot, ValidatorSnapshot } from '@holdfast/pool';
import type { ClusterRow } from '../../shared/clusters.ts';
import type {
  BeaconView,
  DashboardState,
  DevnetState,
  Health,
  OperatorRow,
  QueueState,
  ValidatorRow,
} from '../../shared/state.ts';
import type { Sighting } from '../watch/sighting.ts';
import { backingOf } from './backing.ts';
import type { History } from './history.ts';
import { incidentRows } from './incidentRows.ts';
import { pointsUntil } from './rateLine.ts';
import { countRequests } from './requests.ts';

/** WithdrawalQueue.MAX_REQUEST. */
const REQUEST_MAX = 1_000n * 10n ** 18n;
const INCIDENTS_SHOWN = 100;
const CHECKPOINTS_SHOWN = 60;

const NETWORK_NAMES: Readonly<Record<number, string>> = {
  1: 'Ethereum',
  17000: 'Holesky',
  560048: 'Hoodi',
  11155111: 'Sepolia',
};

/** Everything that has been read, from every source. */
export interface Facts {
  readonly manifest: PoolManifest;
  readonly snapshot: PoolSnapshot | null;
  readonly history: History;
  readonly beacon: ReadonlyMap<string, BeaconView>;
  readonly sightings: ReadonlyMap<number, Sighting>;
  readonly finalizedEpoch: number | null;
  readonly devnet: DevnetState | null;
  readonly clusters: readonly ClusterRow[] | null;
  readonly health: { readonly rpc: Health; readonly beacon: Health; readonly devnet: Health | null };
}

/** What the page is told. Pure. */
export function composeState(facts: Facts): DashboardState {
  const { manifest, snapshot, history, devnet } = facts;
  const clock = {
    genesisTime: Number(manifest.facts.clock.genesisTime),
    secondsPerSlot: Number(manifest.facts.clock.secondsPerSlot),
    slotsPerEpoch: Number(manifest.facts.clock.slotsPerEpoch),
  };
  const timeOfSlot = (slot: number): number => clock.genesisTime + slot * clock.secondsPerSlot;
  const name = devnet ? 'Devnet' : (NETWORK_NAMES[manifest.chainId] ?? `Chain ${manifest.chainId}`);
  return {
    network: { chainId: manifest.chainId, name, devnet: devnet !== null, ...clock },
    pool: {
      ...manifest.config.token,
      vault: manifest.addresses.vault,
      token: manifest.addresses.token,
      queue: manifest.addresses.queue,
      requestMax: REQUEST_MAX.toString(),
    },
    health: facts.health,
    head: snapshot && headOf(snapshot, clock, facts.finalizedEpoch),
    backing: snapshot && backingOf({ history, snapshot, timeOfSlot }),
    rate: snapshot && rateOf(snapshot, history),
    operators: snapshot?.operators.map(operatorRow) ?? [],
    validators: snapshot?.validators.map((validator) => validatorRow(validator, facts.beacon)) ?? [],
    incidents: snapshot
      ? incidentRows({
          history,
          validators: snapshot.validators,
          operatorName: (id) => snapshot.operators.find((each) => each.id === id)?.name ?? `Operator ${id}`,
          beacon: facts.beacon,
          sightings: facts.sightings,
          faults: devnet?.faults ?? [],
          timeOfSlot,
        }).slice(0, INCIDENTS_SHOWN)
      : [],
    checkpoints: history.checkpoints.slice(-CHECKPOINTS_SHOWN).reverse(),
    checkpoint: snapshot && {
      open: snapshot.checkpoint.open,
      slot: snapshot.checkpoint.slot,
      startedAt: Number(snapshot.checkpoint.startedAt),
      remaining: snapshot.checkpoint.remaining,
    },
    queue: snapshot && queueOf(snapshot, history),
    devnet,
    clusters: facts.clusters,
  };
}

function headOf(
  { block }: PoolSnapshot,
  clock: { genesisTime: number; secondsPerSlot: number; slotsPerEpoch: number },
  finalizedEpoch: number | null,
) {
  const timestamp = Number(block.timestamp);
  const slot = Math.floor((timestamp - clock.genesisTime) / clock.secondsPerSlot);
  return {
    block: block.number.toString(),
    timestamp,
    slot,
    epoch: Math.floor(slot / clock.slotsPerEpoch),
    finalizedEpoch,
  };
}

function rateOf({ rate, highWater, totalShares, block }: PoolSnapshot, history: History) {
  return {
    current: rate.current.toString(),
    target: rate.target.toString(),
    reachedAt: Number(rate.reachedAt),
    highWater: highWater.toString(),
    totalShares: totalShares.toString(),
    points: pointsUntil(history, Number(block.timestamp), rate.current),
  };
}

function operatorRow(operator: OperatorSnapshot): OperatorRow {
  const { id, name, manager, held, earning, slashings, bond, bondRequired, bondReserved, fees } = operator;
  return {
    id,
    name,
    manager,
    status: statusOf(operator),
    held,
    earning,
    slashings,
    bond: bond.toString(),
    bondRequired: bondRequired.toString(),
    bondReserved: bondReserved.toString(),
    fees: fees.toString(),
  };
}

function statusOf({ frozen, barred, bond, bondRequired }: OperatorSnapshot): OperatorRow['status'] {
  if (frozen) return 'frozen';
  if (barred) return 'barred';
  return bond < bondRequired ? 'short of bond' : 'active';
}

function validatorRow(validator: ValidatorSnapshot, beacon: ReadonlyMap<string, BeaconView>): ValidatorRow {
  const { ordinal, operatorId, pubkey, status, index, slashing, exitRequest } = validator;
  return {
    ordinal,
    operatorId,
    pubkey,
    status,
    index: index > 0 ? index : null,
    provenGwei: validator.balanceGwei.toString(),
    provenSlot: validator.balanceSlot,
    inFlightGwei: validator.inFlightGwei.toString(),
    exitAskedAt: exitRequest ? Number(exitRequest.askedAt) : null,
    expectedLossGwei: slashing?.expectedGwei.toString() ?? null,
    bondCoverGwei: slashing?.coverGwei.toString() ?? null,
    settleableFrom: slashing ? Number(slashing.settleableFrom) : null,
    beacon: beacon.get(pubkey.toLowerCase()) ?? null,
  };
}

function queueOf({ queue, ledger, vault }: PoolSnapshot, history: History): QueueState {
  return {
    ...countRequests(history),
    queuedShares: queue.queuedShares.toString(),
    setAside: queue.balance.toString(),
    shortfall: ledger.shortfall.toString(),
    claimableNow: vault.claimableNow.toString(),
  };
}
