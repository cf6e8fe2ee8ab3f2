import { joinSignals, type Pubkey, type Root } from '@holdfast/units';
import type { AttesterSlashing, phase0, SignedBeaconBlock } from '@lodestar/types';
import { BeaconHttpError, BeaconLieError } from '../errors.ts';
import type { StateFork } from '../forks.ts';
import type { PendingDeposit } from '../proofs/pendingDeposits.ts';
import type { LoadedState } from '../state/LoadedState.ts';
import {
  type FinalityCheckpoints,
  type ForkScheduleEntry,
  type Genesis,
  type HeaderAnswer,
  readFinalityCheckpoints,
  readForkSchedule,
  readGenesis,
  readPendingDeposits,
  readValidator,
  type ValidatorAnswer,
  type ValidatorStatus,
} from './answers.ts';
import { type BeaconEvent, type EventTopic, eventStream } from './events.ts';
import { Failover, type NodeFailure } from './Failover.ts';
import type { BeaconRequest, BeaconResponse } from './http.ts';
import { type ClientPorts, systemPorts } from './ports.ts';
import { Answer } from './read.ts';
import { type BeaconSpec, readSpec } from './spec.ts';
import { encodeAttesterSlashing, encodeProposerSlashing, encodeVoluntaryExit } from './submissions.ts';
import { ValidatorApi } from './ValidatorApi.ts';
import { checkBlock, checkHeader, checkState, checkValidators } from './verified.ts';

/** `head`, `genesis`, `finalized`, a slot, or a block root. */
export type BlockId = 'head' | 'genesis' | 'finalized' | number | Root;
/** `head`, `genesis`, `finalized`, `justified`, a slot, or a state root. */
export type StateId = 'head' | 'genesis' | 'finalized' | 'justified' | number | Root;
/** An index or a public key. */
export type ValidatorId = number | Pubkey;

export interface BeaconClientOptions {
  /** Base URLs, the preferred one first. */
  readonly urls: readonly string[];
  readonly ports?: ClientPorts;
  /** For everything but states. Default 10 s. */
  readonly timeoutMs?: number;
  /** For states, which a node may take long to find. Default 5 min. */
  readonly stateTimeoutMs?: number;
  /** How often the whole set of nodes is asked. Default 3. */
  readonly roundsMax?: number;
  readonly backoffMs?: number;
  readonly backoffMsMax?: number;
  /** Largest answer accepted, in bytes: JSON 64 MiB (lists of validators as states), blocks 32 MiB, states 2 GiB. */
  readonly bytesMax?: { readonly json?: number; readonly block?: number; readonly state?: number };
  /** Told of each failure of a node, also when another one answered. */
  readonly onFailure?: (failure: NodeFailure) => void;
  /** Ends every request and stream. */
  readonly signal?: AbortSignal;
}

export interface BlockAnswer {
  readonly fork: StateFork;
  /** Computed from the block. */
  readonly root: Root;
  readonly block: SignedBeaconBlock;
}

export interface VerifiedState {
  readonly header: HeaderAnswer;
  readonly state: LoadedState;
}

const MIB = 1024 * 1024;

/**
 * The standard Beacon API over one or several nodes, none of which is trusted: shapes are checked strictly, roots are
 * recomputed, and what cannot be checked says so. The next node is asked when one fails, stalls or lies.
 *
 * Errors: BeaconHttpError (also 404 for what is not there), BeaconTimeoutError, BeaconNetworkError, BeaconTooLargeError,
 * BeaconAnswerError, BeaconLieError, BeaconPresetError, BeaconForkError, and BeaconUnavailableError when nodes failed in
 * different ways.
 */
export class BeaconClient {
  /** Duties, objects to sign and where signed ones go: what a validator client needs. */
  readonly validatorApi: ValidatorApi;
  private readonly failover: Failover;
  private readonly ports: ClientPorts;
  private readonly options: BeaconClientOptions;
  private readonly bytesMax: { json: number; block: number; state: number };
  private specPromise: Promise<BeaconSpec> | undefined;
  private genesisPromise: Promise<Genesis> | undefined;

  constructor(options: BeaconClientOptions) {
    this.options = options;
    this.ports = options.ports ?? systemPorts;
    this.bytesMax = { json: 64 * MIB, block: 32 * MIB, state: 2048 * MIB, ...options.bytesMax };
    this.failover = new Failover({
      urls: options.urls,
      ports: this.ports,
      roundsMax: options.roundsMax ?? 3,
      backoffMs: options.backoffMs ?? 250,
      backoffMsMax: options.backoffMsMax ?? 5_000,
      onFailure: options.onFailure ?? (() => {}),
      signal: options.signal,
    });
    this.validatorApi = new ValidatorApi(this.failover, {
      timeoutMs: options.timeoutMs ?? 10_000,
      jsonBytesMax: this.bytesMax.json,
      blockBytesMax: this.bytesMax.block,
    });
  }

  /** `GET /eth/v1/beacon/genesis`; asked once. */
  genesis(): Promise<Genesis> {
    this.genesisPromise ??= this.getJson('the genesis', '/eth/v1/beacon/genesis', readGenesis).catch((error) => {
      this.genesisPromise = undefined;
      throw error;
    });
    return this.genesisPromise;
  }

  /** `GET /eth/v1/config/spec`, checked against this process's preset; asked once. Call it before anything else. */
  spec(): Promise<BeaconSpec> {
    this.specPromise ??= this.getJson('the spec', '/eth/v1/config/spec', readSpec).catch((error) => {
      this.specPromise = undefined;
      throw error;
    });
    return this.specPromise;
  }

  /** `GET /eth/v1/config/fork_schedule`. */
  forkSchedule(): Promise<ForkScheduleEntry[]> {
    return this.getJson('the fork schedule', '/eth/v1/config/fork_schedule', readForkSchedule);
  }

  /** `GET /eth/v1/beacon/headers/{block_id}`; the root is recomputed, and must be the one asked for. */
  header(blockId: BlockId): Promise<HeaderAnswer> {
    return this.getJson(`header ${blockId}`, `/eth/v1/beacon/headers/${blockId}`, (answer, node) =>
      checkHeader(answer, blockId, node),
    );
  }

  /** `GET /eth/v2/beacon/blocks/{block_id}`; the root is computed, and must be the one asked for. */
  block(blockId: BlockId): Promise<BlockAnswer> {
    const request = this.request(`/eth/v2/beacon/blocks/${blockId}`, 'ssz', this.bytesMax.block);
    return this.failover.ask(`block ${blockId}`, request, (response) => checkBlock(response, blockId));
  }

  /**
   * `GET /eth/v2/debug/beacon/states/{state_id}`. By root the state is always checked. By name or slot it is checked
   * with `verified`: against the header of the block there (so there must be one). Unverified, only its own hash
   * (`state.root`) says what it is.
   */
  async state(stateId: StateId, options: { readonly verified?: boolean } = {}): Promise<LoadedState> {
    if (options.verified && !isRoot(stateId)) {
      if (stateId !== 'justified') return (await this.verifiedState(stateId)).state;
      return (await this.verifiedState((await this.finalityCheckpoints('head')).currentJustified.root)).state;
    }
    return await this.fetchState(stateId, isRoot(stateId) ? stateId : undefined);
  }

  /**
   * A block's header and its post-state: `header.root = hash_tree_root(header)` and
   * `state.root = hash_tree_root(state) = header.state_root`. With a block root that the caller trusts (from EIP-4788),
   * everything in it can be trusted.
   */
  async verifiedState(blockId: BlockId): Promise<VerifiedState> {
    const header = await this.header(blockId);
    const { stateRoot, slot } = header.header;
    try {
      return { header, state: await this.fetchState(stateRoot, stateRoot) };
    } catch (error) {
      // Some nodes find old states by slot only. The root is checked all the same.
      if (!(error instanceof BeaconHttpError && error.status === 404)) throw error;
      return { header, state: await this.fetchState(slot, stateRoot) };
    }
  }

  /**
   * `POST /eth/v1/beacon/states/{state_id}/validators`. Validators that the state does not have are left out. Shape is
   * checked and that each was asked for; the values are the node's word.
   */
  validators(
    stateId: StateId,
    filter: { readonly ids?: readonly ValidatorId[]; readonly statuses?: readonly ValidatorStatus[] } = {},
  ): Promise<ValidatorAnswer[]> {
    const request: BeaconRequest = {
      ...this.request(`/eth/v1/beacon/states/${stateId}/validators`, 'json', this.bytesMax.state),
      method: 'POST',
      body: {
        ...(filter.ids ? { ids: filter.ids.map(String) } : {}),
        ...(filter.statuses ? { statuses: filter.statuses } : {}),
      },
    };
    return this.failover.ask(`the validators of state ${stateId}`, request, (response) =>
      checkValidators(asAnswer(response), filter, response.node),
    );
  }

  /** `GET /eth/v1/beacon/states/{state_id}/validators/{validator_id}`; 404 (BeaconHttpError) when there is none. */
  validator(stateId: StateId, id: ValidatorId): Promise<ValidatorAnswer> {
    return this.getJson(`validator ${id}`, `/eth/v1/beacon/states/${stateId}/validators/${id}`, (answer, node) => {
      const validator = readValidator(answer.get('data'));
      if (validator.index !== id && validator.validator.pubkey !== String(id).toLowerCase()) {
        throw new BeaconLieError('a validator', {
          data: { node, expected: id, actual: `${validator.index} ${validator.validator.pubkey}` },
        });
      }
      return validator;
    });
  }

  /** `GET /eth/v1/beacon/states/{state_id}/pending_deposits`, in the state's order. The node's word. */
  pendingDeposits(stateId: StateId): Promise<PendingDeposit[]> {
    const request = this.request(`/eth/v1/beacon/states/${stateId}/pending_deposits`, 'json', this.bytesMax.state);
    return this.failover.ask(`the pending deposits of state ${stateId}`, request, (response) =>
      readPendingDeposits(asAnswer(response)),
    );
  }

  /** `GET /eth/v1/beacon/states/{state_id}/finality_checkpoints`. The node's word. */
  finalityCheckpoints(stateId: StateId = 'head'): Promise<FinalityCheckpoints> {
    return this.getJson('finality', `/eth/v1/beacon/states/${stateId}/finality_checkpoints`, readFinalityCheckpoints);
  }

  /** `GET /eth/v1/events`, reconnecting for ever; ends when the signal fires. Hints, not facts. */
  async *events(topics: readonly EventTopic[], signal: AbortSignal): AsyncGenerator<BeaconEvent, void, undefined> {
    using stop = joinSignals(signal, this.options.signal);
    yield* eventStream(topics, this.failover, this.ports, stop.signal);
  }

  /** `POST /eth/v1/beacon/pool/voluntary_exits`. */
  submitVoluntaryExit(exit: phase0.SignedVoluntaryExit): Promise<void> {
    return this.post('/eth/v1/beacon/pool/voluntary_exits', encodeVoluntaryExit(exit));
  }

  /** `POST /eth/v1/beacon/pool/proposer_slashings`. */
  submitProposerSlashing(slashing: phase0.ProposerSlashing): Promise<void> {
    return this.post('/eth/v1/beacon/pool/proposer_slashings', encodeProposerSlashing(slashing));
  }

  /** `POST /eth/v2/beacon/pool/attester_slashings`, in the form of the fork that it was made in. */
  submitAttesterSlashing(fork: StateFork, slashing: AttesterSlashing): Promise<void> {
    const headers = { 'Eth-Consensus-Version': fork };
    return this.post('/eth/v2/beacon/pool/attester_slashings', encodeAttesterSlashing(fork, slashing), headers);
  }

  private fetchState(stateId: StateId, expectedRoot: Root | undefined): Promise<LoadedState> {
    const request: BeaconRequest = {
      ...this.request(`/eth/v2/debug/beacon/states/${stateId}`, 'ssz', this.bytesMax.state),
      timeoutMs: this.options.stateTimeoutMs ?? 300_000,
    };
    return this.failover.ask(`state ${stateId}`, request, (response) => checkState(response, stateId, expectedRoot));
  }

  private getJson<T>(what: string, path: string, read: (answer: Answer, node: string) => T): Promise<T> {
    return this.failover.ask(what, this.request(path, 'json', this.bytesMax.json), (response) =>
      read(asAnswer(response), response.node.name),
    );
  }

  private post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const request: BeaconRequest = { ...this.request(path, 'json', this.bytesMax.json), method: 'POST', body, headers };
    return this.failover.ask(path, request, () => undefined);
  }

  private request(path: string, accept: 'json' | 'ssz', bytesMax: number): BeaconRequest {
    return { method: 'GET', path, accept, bytesMax, timeoutMs: this.options.timeoutMs ?? 10_000 };
  }
}

const isRoot = (id: StateId): id is Root => typeof id === 'string' && id.startsWith('0x');

const asAnswer = (response: BeaconResponse): Answer => Answer.parse(response.bytes, response.node.name);
