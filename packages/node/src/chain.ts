import { createHash } from 'node:crypto';
import type { BeaconClient, ForkScheduleEntry, Genesis, StateFork } from '@holdfast/beacon';
import { asStateFork } from '@holdfast/beacon';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { SLOTS_PER_EPOCH } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import { ChainMismatchError, DutyError } from './errors.ts';

/** Points in a slot at which duties are due, milliseconds after its start. */
export interface DueTimes {
  readonly attestationMs: number;
  readonly aggregateMs: number;
  readonly syncMessageMs: number;
  readonly contributionMs: number;
}

/** `fork_info` as the remote-signing API takes it. */
export interface ForkInfo {
  readonly fork: { readonly previous_version: Hex; readonly current_version: Hex; readonly epoch: string };
  readonly genesis_validators_root: Hex;
}

/** What all duties of a network share: its clock, its forks, its domains. Read once; a network does not change them. */
export class Chain {
  readonly genesis: Genesis;
  readonly slotMs: number;
  readonly due: DueTimes;
  /** Exits are signed for it; null where the network does not tell. */
  readonly capellaVersion: Hex | null;
  /** Epochs that a validator must have been active before it may exit. */
  readonly shardCommitteePeriod: number;
  readonly #schedule: readonly ForkScheduleEntry[];
  readonly #forkName: (slot: number) => string;
  readonly #domains = new Map<string, Uint8Array>();

  constructor(
    genesis: Genesis,
    schedule: readonly ForkScheduleEntry[],
    values: Readonly<Record<string, string>>,
    forkName: (slot: number) => string,
  ) {
    this.genesis = genesis;
    this.#schedule = schedule;
    this.#forkName = forkName;
    this.slotMs = Number(values.SLOT_DURATION_MS ?? Number(values.SECONDS_PER_SLOT) * 1000);
    this.capellaVersion = (values.CAPELLA_FORK_VERSION as Hex | undefined) ?? null;
    this.shardCommitteePeriod = Number(values.SHARD_COMMITTEE_PERIOD ?? 256);
    const due = (name: string, fallback: number): number =>
      Math.floor((this.slotMs * Number(values[name] ?? fallback)) / 10_000);
    this.due = {
      attestationMs: due('ATTESTATION_DUE_BPS', 3333),
      aggregateMs: due('AGGREGATE_DUE_BPS', 6667),
      syncMessageMs: due('SYNC_MESSAGE_DUE_BPS', 3333),
      contributionMs: due('CONTRIBUTION_DUE_BPS', 6667),
    };
  }

  /** @throws ChainMismatchError when the node is on another network than `genesisValidatorsRoot`. */
  static async read(beacon: BeaconClient, genesisValidatorsRoot?: string): Promise<Chain> {
    const [spec, genesis, schedule] = [await beacon.spec(), await beacon.genesis(), await beacon.forkSchedule()];
    if (genesisValidatorsRoot !== undefined && genesisValidatorsRoot !== genesis.genesisValidatorsRoot) {
      throw new ChainMismatchError(genesisValidatorsRoot, genesis.genesisValidatorsRoot);
    }
    return new Chain(genesis, schedule, spec.values, (slot) => spec.config.getForkName(slot));
  }

  slotAt(ms: number): number {
    return Math.floor((ms - this.genesis.genesisTime * 1000) / this.slotMs);
  }

  startMs(slot: number): number {
    return this.genesis.genesisTime * 1000 + slot * this.slotMs;
  }

  epochOf(slot: number): number {
    return Math.floor(slot / SLOTS_PER_EPOCH);
  }

  forkAt(slot: number): StateFork {
    return asStateFork(this.#forkName(slot));
  }

  forkInfo(epoch: number): ForkInfo {
    const { previousVersion, currentVersion, epoch: from } = this.#entry(epoch);
    return {
      fork: { previous_version: previousVersion, current_version: currentVersion, epoch: String(from) },
      genesis_validators_root: this.genesis.genesisValidatorsRoot,
    };
  }

  /** `compute_signing_root(object, get_domain(state, type, epoch))`. */
  signingRoot(objectRoot: Uint8Array, domainType: Uint8Array, epoch: number): Uint8Array {
    return mixed(objectRoot, this.#domain(domainType, this.#entry(epoch).currentVersion, true));
  }

  /** Exits are signed in Capella's domain for ever (EIP-7044). @throws DutyError when its version is not known */
  exitSigningRoot(objectRoot: Uint8Array, domainType: Uint8Array): Uint8Array {
    return mixed(objectRoot, this.#domain(domainType, this.#capella(), true));
  }

  /** `fork_info` of an exit: Capella's in both places, so that a signer that does not know the rule keeps it, too. */
  exitForkInfo(): ForkInfo {
    const version = this.#capella();
    return {
      fork: { previous_version: version, current_version: version, epoch: '0' },
      genesis_validators_root: this.genesis.genesisValidatorsRoot,
    };
  }

  /** Builder registrations are signed in a domain of the genesis fork and no chain (builder-specs). */
  builderSigningRoot(objectRoot: Uint8Array, domainType: Uint8Array): Uint8Array {
    return mixed(objectRoot, this.#domain(domainType, this.genesis.genesisForkVersion, false));
  }

  #capella(): Hex {
    if (this.capellaVersion !== null) return this.capellaVersion;
    throw new DutyError('exit', "the beacon node does not tell the network's CAPELLA_FORK_VERSION");
  }

  #entry(epoch: number): ForkScheduleEntry {
    return this.#schedule.findLast((entry) => entry.epoch <= epoch) ?? this.#schedule[0]!;
  }

  #domain(domainType: Uint8Array, version: Hex, ofChain: boolean): Uint8Array {
    const key = `${toHex(domainType)}${version}${ofChain}`;
    const known = this.#domains.get(key);
    if (known) return known;
    const root = ofChain ? fromHex(this.genesis.genesisValidatorsRoot) : new Uint8Array(32);
    const forkData = { currentVersion: fromHex(version), genesisValidatorsRoot: root };
    const domain = new Uint8Array(32);
    domain.set(domainType);
    domain.set(ssz.phase0.ForkData.hashTreeRoot(forkData).subarray(0, 28), 4);
    this.#domains.set(key, domain);
    return domain;
  }
}

/** `hash_tree_root(SigningData)`: two chunks, one hash. */
const mixed = (objectRoot: Uint8Array, domain: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(objectRoot).update(domain).digest());
