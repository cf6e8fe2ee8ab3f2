import { type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import type { BeaconConfig } from '@lodestar/config';
import { MAX_ATTESTATIONS_ELECTRA, SLOTS_PER_EPOCH } from '@lodestar/params';
import {
  blockToHeader,
  type CachedBeaconStateAllForks,
  computeEpochAtSlot,
  createCachedBeaconState,
  createPubkeyCache,
  isSlashableValidator,
  processSlots,
} from '@lodestar/state-transition';
import { type electra, type phase0, ssz } from '@lodestar/types';
import { DevnetError } from '../errors.ts';
import type { ExecutionPort } from '../execution/port.ts';
import { attest, indexOf } from './attest.ts';
import type { ChainEvent, MissedReason, SlotResult } from './events.ts';
import { FaultBook } from './faults.ts';
import { genesisBlock } from './genesis.ts';
import type { ValidatorKeys } from './keys.ts';
import { OperationPool } from './op-pool.ts';
import { conflictingHeader, propose, signHeader } from './propose.ts';
import { Slasher } from './slasher.ts';
import { ChainStore, rootOf, type StoredBlock, type StoreLimits } from './store.ts';
import { asDevnetState, type DevnetState, edited } from './types.ts';

export interface ChainParameters {
  readonly config: BeaconConfig;
  readonly genesis: DevnetState;
  readonly execution: ExecutionPort;
  readonly keys: ValidatorKeys;
  readonly feeRecipient: Hex;
  readonly limits: StoreLimits;
  readonly emit: (event: ChainEvent) => void;
}

/** Everything that a snapshot keeps of the beacon side. */
export interface ChainMark {
  readonly cursor: DevnetState;
  readonly head: StoredBlock;
  readonly store: ChainStore;
  readonly operations: OperationPool;
  readonly faults: FaultBook;
  readonly slasher: Slasher;
  readonly waiting: readonly electra.Attestation[];
  readonly feeRecipients: ReadonlyMap<Hex, Hex>;
}

/**
 * The one chain: a slot at a time, without forks. Each slot is proposed, verified, stored, attested to and watched for
 * equivocations, in that order.
 */
export class BeaconChain {
  readonly config: BeaconConfig;
  readonly genesisBlock: StoredBlock;
  readonly #parameters: ChainParameters;
  /** The head's state, advanced through the slots since then that stayed empty. */
  #cursor: DevnetState;
  #head: StoredBlock;
  #store: ChainStore;
  #operations = new OperationPool();
  #faults = new FaultBook();
  #slasher = new Slasher();
  /** Aggregates that no block has included yet, oldest first. */
  #waiting: electra.Attestation[] = [];
  #feeRecipients = new Map<Hex, Hex>();

  constructor(parameters: ChainParameters) {
    this.#parameters = parameters;
    this.config = parameters.config;
    this.#cursor = parameters.genesis;
    this.genesisBlock = genesisBlock(parameters.config, parameters.genesis);
    this.#head = this.genesisBlock;
    this.#store = new ChainStore(parameters.config, parameters.limits);
    this.#store.add(this.#head, this.#cursor);
  }

  /** The state now: the head's, advanced through empty slots. */
  get state(): DevnetState {
    return this.#cursor;
  }

  /** The last slot that is over. */
  get slot(): number {
    return this.#cursor.slot;
  }

  get head(): StoredBlock {
    return this.#head;
  }

  get store(): ChainStore {
    return this.#store;
  }

  get operations(): OperationPool {
    return this.#operations;
  }

  get faults(): FaultBook {
    return this.#faults;
  }

  setFeeRecipient(pubkey: Hex, feeRecipient: Hex): void {
    this.#feeRecipients.set(pubkey, feeRecipient);
  }

  pubkeyOf(index: number): Pubkey {
    if (index >= this.#cursor.validators.length) {
      throw new DevnetError('DEVNET_VALIDATOR_UNKNOWN', 'no such validator', {
        data: { index, validators: this.#cursor.validators.length },
      });
    }
    return toHex(this.#cursor.validators.getReadonly(index).pubkey) as Pubkey;
  }

  async advance(): Promise<SlotResult> {
    const slot = this.slot + 1;
    const preState = asDevnetState(processSlots(this.#cursor as CachedBeaconStateAllForks, slot));
    const index = preState.epochCtx.getBeaconProposer(slot);
    const proposer = { index, pubkey: toHex(preState.validators.getReadonly(index).pubkey) as Pubkey };
    const missed = this.#whyNoProposal(preState, proposer);
    if (missed === null) {
      await this.#propose(preState, proposer);
    } else {
      this.#cursor = preState;
      this.#parameters.emit({ kind: 'missed', slot, proposerIndex: index, reason: missed });
    }
    this.#attest();
    this.#equivocateAtOnce();
    return { slot, proposerIndex: index, root: missed === null ? this.#head.root : null, missed };
  }

  addAttesterSlashing(slashing: electra.AttesterSlashing): void {
    if (!this.#operations.addAttesterSlashing(this.#cursor, slashing)) return;
    this.#parameters.emit({ kind: 'attester_slashing', slashing });
  }

  addProposerSlashing(slashing: phase0.ProposerSlashing): void {
    if (!this.#operations.addProposerSlashing(this.#cursor, slashing)) return;
    this.#parameters.emit({ kind: 'proposer_slashing', slashing });
  }

  addVoluntaryExit(exit: phase0.SignedVoluntaryExit): void {
    if (!this.#operations.addVoluntaryExit(this.#cursor, exit)) return;
    this.#parameters.emit({ kind: 'voluntary_exit', exit });
  }

  mark(): ChainMark {
    return {
      cursor: this.#cursor,
      head: this.#head,
      store: this.#store.clone(),
      operations: this.#operations.clone(),
      faults: this.#faults.clone(),
      slasher: this.#slasher.clone(),
      waiting: [...this.#waiting],
      feeRecipients: new Map(this.#feeRecipients),
    };
  }

  /** Goes back to a mark, which stays good to come back to again. */
  restore(mark: ChainMark): void {
    // The library's public key cache is shared by all states of a chain and only grows: what was deposited after the
    // mark would stay known under its old index. So the state gets caches of its own, made from its tree.
    const { BeaconState } = this.config.getForkTypes(mark.cursor.slot);
    const view = BeaconState.getViewDU(mark.cursor.node) as DevnetState;
    const caches = { config: this.config, pubkeyCache: createPubkeyCache() };
    this.#cursor = asDevnetState(createCachedBeaconState(view as CachedBeaconStateAllForks, caches));
    this.#head = mark.head;
    this.#store = mark.store.clone();
    this.#operations = mark.operations.clone();
    this.#faults = mark.faults.clone();
    this.#slasher = mark.slasher.clone();
    this.#waiting = [...mark.waiting];
    this.#feeRecipients = new Map(mark.feeRecipients);
  }

  #whyNoProposal(state: DevnetState, proposer: { index: number; pubkey: Hex }): MissedReason | null {
    if (state.validators.getReadonly(proposer.index).slashed) return 'slashed';
    if (!this.#parameters.keys.has(proposer.pubkey)) return 'noKey';
    return this.#faults.isOffline(proposer.pubkey, state.slot) ? 'offline' : null;
  }

  async #propose(preState: DevnetState, proposer: { index: number; pubkey: Hex }): Promise<void> {
    const { execution, keys } = this.#parameters;
    const attestations = this.#includable(preState);
    const { block, postState, executionBlockHash, envelope } = await propose({
      preState,
      headRoot: Buffer.from(this.#head.root.slice(2), 'hex'),
      headEnvelope: this.#head.envelope,
      proposer,
      attestations,
      feeRecipient: this.#feeRecipient(proposer.pubkey, preState.slot),
      execution,
      keys,
      faults: this.#faults,
      operations: this.#operations,
    });
    const previous = this.#cursor;
    const header = { message: blockToHeader(this.config, block.message), signature: block.signature };
    this.#head = {
      slot: preState.slot,
      root: rootOf(ssz.phase0.BeaconBlockHeader.hashTreeRoot(header.message)),
      stateRoot: rootOf(header.message.stateRoot),
      parentRoot: rootOf(header.message.parentRoot),
      executionBlockHash,
      envelope,
      block,
      header,
    };
    this.#cursor = postState;
    this.#store.add(this.#head, postState);
    this.#waiting = this.#waiting.filter((attestation) => !attestations.includes(attestation));
    this.#operations.prune(postState);
    this.#announce(previous, postState);
    await this.#markFinality(previous, postState);
    this.#watchHeader(header);
    if (this.#faults.atDuty('doubleProposal', proposer.pubkey)) {
      this.#watchHeader(conflictingHeader(postState, keys, proposer.pubkey, header.message));
      this.#faults.committed('doubleProposal', [proposer.pubkey]);
    }
  }

  #feeRecipient(pubkey: Hex, slot: number): Hex {
    const { feeRecipient } = this.#parameters;
    return this.#faults.stolenFeeRecipient(pubkey, slot) ?? this.#feeRecipients.get(pubkey) ?? feeRecipient;
  }

  /** What this block can take: young enough for `process_attestation`, the newest when there are too many. */
  #includable(state: DevnetState): electra.Attestation[] {
    const previousEpoch = computeEpochAtSlot(state.slot) - 1;
    this.#waiting = this.#waiting.filter(({ data }) => data.target.epoch >= previousEpoch);
    return this.#waiting.slice(-MAX_ATTESTATIONS_ELECTRA);
  }

  #attest(): void {
    const { keys } = this.#parameters;
    const headRoot = Buffer.from(this.#head.root.slice(2), 'hex');
    const slasher = this.#slasher;
    const votes = attest({ state: this.#cursor, headRoot, keys, faults: this.#faults, slasher });
    this.#waiting.push(...votes.aggregates);
    for (const slashing of slasher.onVotes(votes.published)) this.#report(() => this.addAttesterSlashing(slashing));
  }

  /** `doubleProposal` with `atOnce`: two headers for this slot by validators whose turn it may not be. */
  #equivocateAtOnce(): void {
    const { keys } = this.#parameters;
    for (const pubkey of this.#faults.atOnce('doubleProposal')) {
      const proposerIndex = indexOf(this.#cursor, pubkey);
      if (proposerIndex === null || !keys.has(pubkey)) continue;
      const validator = this.#cursor.validators.getReadonly(proposerIndex);
      if (!isSlashableValidator(validator, this.#cursor.epochCtx.epoch)) continue;
      const message = edited(this.#head.header.message, { slot: this.slot, proposerIndex });
      this.#watchHeader(signHeader(this.#cursor, keys, pubkey, message));
      this.#watchHeader(conflictingHeader(this.#cursor, keys, pubkey, message));
      this.#faults.committed('doubleProposal', [pubkey]);
    }
  }

  #watchHeader(header: phase0.SignedBeaconBlockHeader): void {
    const slashing = this.#slasher.onHeader(header);
    if (slashing) this.#report(() => this.addProposerSlashing(slashing));
  }

  /** Evidence against a validator that is beyond slashing already is of no use to anybody. */
  #report(add: () => void): void {
    try {
      add();
    } catch (error) {
      if (!(error instanceof DevnetError) || error.code !== 'DEVNET_BAD_OPERATION') throw error;
    }
  }

  /** Tells the execution layer which of its blocks are `safe` and `finalized`, when that changed. */
  async #markFinality(before: DevnetState, after: DevnetState): Promise<void> {
    const changed =
      after.currentJustifiedCheckpoint.epoch > before.currentJustifiedCheckpoint.epoch ||
      after.finalizedCheckpoint.epoch > before.finalizedCheckpoint.epoch;
    if (!changed) return;
    await this.#parameters.execution.markFinality({
      safeBlockHash: this.#executionHashAt(after.currentJustifiedCheckpoint.root),
      finalizedBlockHash: this.#executionHashAt(after.finalizedCheckpoint.root),
    });
  }

  /** The execution block of a checkpoint's beacon block; the zero root means genesis. */
  #executionHashAt(checkpointRoot: Uint8Array): Hex {
    return (this.#store.byRoot(rootOf(checkpointRoot)) ?? this.genesisBlock).executionBlockHash;
  }

  #announce(before: DevnetState, after: DevnetState): void {
    const { emit } = this.#parameters;
    const { root, slot, stateRoot } = this.#head;
    emit({ kind: 'block', slot, root });
    emit({ kind: 'head', slot, root, stateRoot, epochTransition: slot % SLOTS_PER_EPOCH === 0 });
    const { epoch, root: finalizedRoot } = after.finalizedCheckpoint;
    if (epoch > before.finalizedCheckpoint.epoch) {
      const finalized: Root = rootOf(finalizedRoot);
      const state = this.#store.byRoot(finalized)?.stateRoot;
      if (state) emit({ kind: 'finalized_checkpoint', epoch, root: finalized, stateRoot: state });
    }
  }
}
