import { fromHex, type Hex, type Pubkey, toHex } from '@holdfast/units';
import type { BeaconConfig } from '@lodestar/config';
import {
  type CachedBeaconStateAllForks,
  createCachedBeaconState,
  createPubkeyCache,
  processSlots,
} from '@lodestar/state-transition';
import { ssz } from '@lodestar/types';
import { DevnetError } from '../errors.ts';
import type { ExecutionPort } from '../execution/port.ts';
import { DutyFailedError } from '../signing/port.ts';
import type { DutyRoster } from '../signing/roster.ts';
import { attest, type Votes } from './attest.ts';
import { type ChainBooks, cloneBooks, emptyBooks } from './books.ts';
import type { ChainEvent, MissedReason, SlotPhase, SlotResult } from './events.ts';
import type { FaultBook } from './faults.ts';
import { genesisBlock } from './genesis.ts';
import { announceHead, markFinality } from './new-head.ts';
import type { OperationPool } from './op-pool.ts';
import { OpenSlot, type Proposer } from './open-slot.ts';
import { type Proposal, type ProposalSources, proposeHere } from './proposals.ts';
import { headerOf } from './propose.ts';
import { signAggregates, signContributions, signSyncMessages } from './remote-duties.ts';
import { ChainStore, rootOf, type StoredBlock, type StoreLimits } from './store.ts';
import { asDevnetState, type DevnetState } from './types.ts';
import { EquivocationWatch } from './watch.ts';

export interface ChainParameters {
  readonly config: BeaconConfig;
  readonly genesis: DevnetState;
  readonly execution: ExecutionPort;
  readonly roster: DutyRoster;
  readonly feeRecipient: Hex;
  readonly limits: StoreLimits;
  readonly emit: (event: ChainEvent) => void;
}

/** Everything that a snapshot keeps of the beacon side. */
export interface ChainMark {
  readonly cursor: DevnetState;
  readonly head: StoredBlock;
  readonly store: ChainStore;
  readonly books: ChainBooks;
  readonly feeRecipients: ReadonlyMap<Hex, Hex>;
}

/**
 * The one chain: a slot at a time, without forks. Each slot is proposed, verified, stored, attested to and watched for
 * equivocations, in that order. Those whose duties are not the devnet's have from the beginning of a slot to its end.
 */
export class BeaconChain {
  readonly config: BeaconConfig;
  readonly genesisBlock: StoredBlock;
  readonly roster: DutyRoster;
  readonly #parameters: ChainParameters;
  /** The head's state, advanced through the slots since then that stayed empty. */
  #cursor: DevnetState;
  #head: StoredBlock;
  #store: ChainStore;
  #books: ChainBooks;
  #feeRecipients = new Map<Hex, Hex>();
  #open: OpenSlot | null = null;
  /** What was voted through signers in the open slot, for its aggregators. */
  #votes: Votes | null = null;

  constructor(parameters: ChainParameters) {
    this.#parameters = parameters;
    this.config = parameters.config;
    this.roster = parameters.roster;
    this.#cursor = parameters.genesis;
    this.genesisBlock = genesisBlock(parameters.config, parameters.genesis);
    this.#head = this.genesisBlock;
    this.#store = new ChainStore(parameters.config, parameters.limits);
    this.#store.add(this.#head, this.#cursor);
    this.#books = emptyBooks();
  }

  /** The state now: the head's, advanced through empty slots. */
  get state(): DevnetState {
    return this.#cursor;
  }

  /** The newest slot that has begun. */
  get slot(): number {
    return this.#cursor.slot;
  }

  get head(): StoredBlock {
    return this.#head;
  }

  get store(): ChainStore {
    return this.#store;
  }

  get books(): ChainBooks {
    return this.#books;
  }

  get operations(): OperationPool {
    return this.#books.operations;
  }

  get faults(): FaultBook {
    return this.#books.faults;
  }

  /** The slot under way; null between two slots. */
  get open(): OpenSlot | null {
    return this.#open;
  }

  /** Sees what conflicts, and reports it. */
  get watch(): EquivocationWatch {
    return new EquivocationWatch(this.#cursor, this.#books, this.roster, this.#parameters.emit, this.#onFailure);
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

  /** To the end of a slot: of the one under way, or of the next. */
  async advance(): Promise<SlotResult> {
    const open = this.#open ?? (await this.#begin());
    if (open.phase === 'propose') await this.#attest(open);
    if (open.phase === 'attest') await this.#aggregate(open);
    return this.#end(open);
  }

  /** To the next part of the slot under way, or over its end to the beginning of the next. */
  async nextPhase(): Promise<SlotPhase> {
    const open = this.#open;
    if (open?.phase === 'propose') await this.#attest(open);
    else if (open?.phase === 'attest') await this.#aggregate(open);
    else {
      if (open) await this.#end(open);
      return (await this.#begin()).phase;
    }
    return open.phase;
  }

  /** What a block of the open slot is made from. */
  proposalSources({ proposer, slot }: OpenSlot): ProposalSources {
    const { execution, feeRecipient } = this.#parameters;
    const { faults } = this.#books;
    const own = faults.stolenFeeRecipient(proposer.pubkey, slot) ?? this.#feeRecipients.get(proposer.pubkey);
    return { ...this.#books, head: this.#head, roster: this.roster, execution, feeRecipient: own ?? feeRecipient };
  }

  /** Makes the open slot's verified block the head. */
  async import({ block, postState, executionBlockHash, envelope }: Proposal): Promise<void> {
    const { attestations, operations } = this.#books;
    const header = { message: headerOf(postState, block.message), signature: block.signature };
    const previous = this.#cursor;
    this.#head = {
      slot: postState.slot,
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
    attestations.included(block.message.body.attestations);
    operations.prune(postState);
    announceHead(this.#head, previous, postState, this.#store, this.#parameters.emit);
    await markFinality(this.#parameters.execution, previous, postState, this.#store, this.genesisBlock);
    await this.watch.onBlock(header);
  }

  mark(): ChainMark {
    if (this.#open) {
      throw new DevnetError('DEVNET_MID_SLOT', 'a slot is under way, and a snapshot is of a moment between two', {
        data: { slot: this.slot, phase: this.#open.phase },
        fix: 'Finish the slot first: step()',
      });
    }
    return {
      cursor: this.#cursor,
      head: this.#head,
      store: this.#store.clone(),
      books: cloneBooks(this.#books),
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
    this.#books = cloneBooks(mark.books);
    this.#feeRecipients = new Map(mark.feeRecipients);
    this.#open = null;
    this.#votes = null;
  }

  async #begin(): Promise<OpenSlot> {
    const slot = this.slot + 1;
    const preState = asDevnetState(processSlots(this.#cursor as CachedBeaconStateAllForks, slot));
    const { attestations, sync } = this.#books;
    attestations.prune(preState.epochCtx.epoch);
    sync.prune(slot - 1);
    const index = preState.epochCtx.getBeaconProposer(slot);
    const proposer = { index, pubkey: toHex(preState.validators.getReadonly(index).pubkey) as Pubkey };
    const missed = this.#whyNoProposal(preState, proposer);
    const open = new OpenSlot(preState, proposer, missed);
    if (missed === null) await this.#propose(open);
    if (this.slot < slot) this.#cursor = preState;
    this.#open = open;
    this.#enter(open, 'propose');
    return open;
  }

  async #attest(open: OpenSlot): Promise<void> {
    const { attestations, sync, faults, slasher } = this.#books;
    const context = { ...this.#dutyContext(), slasher };
    this.#votes = await attest(context);
    const { data, local, remote, published } = this.#votes;
    if (local) attestations.addLocal(this.#cursor, data, local);
    for (const vote of remote) attestations.addSingle(this.#cursor, data, vote, vote.signature);
    await signSyncMessages(context, sync);
    const { watch } = this;
    watch.onVotes(published);
    await watch.equivocateAtOnce(this.#head.header.message, faults);
    watch.onCopies(data, this.#head.header.message);
    this.#enter(open, 'attest');
  }

  async #aggregate(open: OpenSlot): Promise<void> {
    const { attestations, sync } = this.#books;
    const context = this.#dutyContext();
    if (this.#votes) await signAggregates(context, this.#votes.remote, this.#votes.data, attestations);
    await signContributions(context, sync);
    this.#enter(open, 'aggregate');
  }

  async #end(open: OpenSlot): Promise<SlotResult> {
    await open.drop();
    this.#open = null;
    this.#votes = null;
    const { slot, missed } = open;
    const proposerIndex = open.proposer.index;
    if (missed !== null) this.#parameters.emit({ kind: 'missed', slot, proposerIndex, reason: missed });
    return { slot, proposerIndex, root: missed === null ? this.#head.root : null, missed };
  }

  #enter(open: OpenSlot, phase: SlotPhase): void {
    open.phase = phase;
    this.#parameters.emit({ kind: 'phase', slot: open.slot, phase });
  }

  /** Null when the devnet proposes. */
  #whyNoProposal(state: DevnetState, { index, pubkey }: Proposer): MissedReason | null {
    if (state.validators.getReadonly(index).slashed) return 'slashed';
    const performer = this.roster.performerOf(pubkey);
    if (performer === 'nobody') return 'noKey';
    if (this.#books.faults.isOffline(pubkey, state.slot)) return 'offline';
    return performer === 'external' ? 'late' : null;
  }

  async #propose(open: OpenSlot): Promise<void> {
    try {
      await this.import(await proposeHere(this.proposalSources(open), open));
    } catch (error) {
      if (!(error instanceof DutyFailedError)) throw error;
      await open.drop();
      open.missed = error.failure;
      this.#onFailure(open.proposer.pubkey, error, open.slot);
    }
  }

  #dutyContext() {
    const { faults } = this.#books;
    const headRoot = fromHex(this.#head.root, 32);
    return { state: this.#cursor, headRoot, roster: this.roster, faults, onFailure: this.#onFailure };
  }

  readonly #onFailure = (pubkey: Pubkey, error: unknown, slot: number = this.slot): void => {
    if (!(error instanceof DutyFailedError)) throw error;
    const { duty, failure, reason } = error;
    this.#parameters.emit({ kind: 'duty_missed', slot, pubkey, duty, failure, reason });
  };
}
