import { type Hex, type Pubkey, toHex } from '@holdfast/units';
import { isSlashableValidator } from '@lodestar/state-transition';
import type { electra, phase0 } from '@lodestar/types';
import { DevnetError } from '../errors.ts';
import type { DutyRoster } from '../signing/roster.ts';
import { indexOf } from './attest.ts';
import type { ChainBooks } from './books.ts';
import type { ChainEvent } from './events.ts';
import type { FaultBook } from './faults.ts';
import { conflictingHeader, otherBody, signHeader } from './propose.ts';
import { headersOfCopies, type SecondSigner, signHeaderByCopy, votesOfCopies } from './second-signer.ts';
import { type DevnetState, edited } from './types.ts';

/** Shows the slasher what is published, puts the evidence it finds into the pool, and makes faulty proposers sign twice. */
export class EquivocationWatch {
  readonly #state: DevnetState;
  readonly #books: ChainBooks;
  readonly #roster: DutyRoster;
  readonly #emit: (event: ChainEvent) => void;
  readonly #onFailure: (pubkey: Pubkey, error: unknown) => void;

  constructor(
    state: DevnetState,
    books: ChainBooks,
    roster: DutyRoster,
    emit: (event: ChainEvent) => void,
    onFailure: (pubkey: Pubkey, error: unknown) => void,
  ) {
    this.#state = state;
    this.#books = books;
    this.#roster = roster;
    this.#emit = emit;
    this.#onFailure = onFailure;
  }

  addAttesterSlashing(slashing: electra.AttesterSlashing): void {
    if (!this.#books.operations.addAttesterSlashing(this.#state, slashing)) return;
    this.#emit({ kind: 'attester_slashing', slashing });
  }

  addProposerSlashing(slashing: phase0.ProposerSlashing): void {
    if (!this.#books.operations.addProposerSlashing(this.#state, slashing)) return;
    this.#emit({ kind: 'proposer_slashing', slashing });
  }

  addVoluntaryExit(exit: phase0.SignedVoluntaryExit): void {
    if (!this.#books.operations.addVoluntaryExit(this.#state, exit)) return;
    this.#emit({ kind: 'voluntary_exit', exit });
  }

  onVotes(votes: readonly electra.IndexedAttestation[]): void {
    for (const slashing of this.#books.slasher.onVotes(votes)) report(() => this.addAttesterSlashing(slashing));
  }

  onHeader(header: phase0.SignedBeaconBlockHeader): void {
    const slashing = this.#books.slasher.onHeader(header);
    if (slashing) report(() => this.addProposerSlashing(slashing));
  }

  /** The chain's own new block. Its proposer may have a fault to commit. */
  async onBlock(header: phase0.SignedBeaconBlockHeader): Promise<void> {
    const { faults } = this.#books;
    this.onHeader(header);
    const { pubkey } = this.#state.validators.getReadonly(header.message.proposerIndex);
    const proposer = toHex(pubkey) as Pubkey;
    if (!faults.atDuty('doubleProposal', proposer)) return;
    if (this.#roster.holdsCopy(proposer)) {
      this.onHeader(signHeaderByCopy(this.#second(), proposer, otherBody(header.message)));
    } else if (this.#roster.performs(proposer)) {
      await this.#equivocate(proposer, () => conflictingHeader(this.#state, this.#roster, proposer, header.message));
    } else return;
    faults.committed('doubleProposal', [proposer]);
  }

  /** `doubleProposal` with `atOnce`: two headers for this slot by validators whose turn it may not be. */
  async equivocateAtOnce(head: phase0.BeaconBlockHeader, faults: FaultBook): Promise<void> {
    for (const pubkey of faults.atOnce('doubleProposal') as Pubkey[]) {
      const proposerIndex = indexOf(this.#state, pubkey as Hex);
      if (proposerIndex === null || !this.#roster.performs(pubkey)) continue;
      const validator = this.#state.validators.getReadonly(proposerIndex);
      if (!isSlashableValidator(validator, this.#state.epochCtx.epoch)) continue;
      const message = edited(head, { slot: this.#state.slot, proposerIndex });
      await this.#equivocate(pubkey, () => signHeader(this.#state, this.#roster, pubkey, message));
      await this.#equivocate(pubkey, () => conflictingHeader(this.#state, this.#roster, pubkey, message));
      faults.committed('doubleProposal', [pubkey]);
    }
  }

  /** What copies of keys sign in this slot, of validators that clients drive. */
  onCopies(vote: phase0.AttestationData, head: phase0.BeaconBlockHeader): void {
    if (this.#roster.externalCount === 0) return;
    const second = this.#second();
    this.onVotes(votesOfCopies(second, vote));
    for (const header of headersOfCopies(second, head)) this.onHeader(header);
  }

  #second(): SecondSigner {
    const { faults, slasher } = this.#books;
    return { state: this.#state, roster: this.#roster, faults, slasher };
  }

  async #equivocate(pubkey: Pubkey, sign: () => Promise<phase0.SignedBeaconBlockHeader>): Promise<void> {
    try {
      this.onHeader(await sign());
    } catch (error) {
      this.#onFailure(pubkey, error);
    }
  }
}

/** Evidence against a validator that is beyond slashing already is of no use to anybody. */
function report(add: () => void): void {
  try {
    add();
  } catch (error) {
    if (!(error instanceof DevnetError) || error.code !== 'DEVNET_BAD_OPERATION') throw error;
  }
}
