import type { Pubkey } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import type { BlockAttributes, DraftBlock, ExecutionPort, SealedBlock } from '../execution/port.ts';
import type { MissedReason, SlotPhase } from './events.ts';
import { toExecutionPayload, toExecutionRequests } from './payload.ts';
import type { DevnetBlock, DevnetState } from './types.ts';

export interface Proposer {
  readonly index: number;
  readonly pubkey: Pubkey;
}

/** The slot under way, from its beginning to that of the next. */
export class OpenSlot {
  readonly slot: number;
  readonly proposer: Proposer;
  /** The head's state, advanced to this slot. */
  readonly preState: DevnetState;
  phase: SlotPhase = 'propose';
  /** Why there is no block; null once there is one. */
  missed: MissedReason | null;
  #draft: DraftBlock | null = null;

  constructor(preState: DevnetState, proposer: Proposer, missed: MissedReason | null) {
    this.slot = preState.slot;
    this.preState = preState;
    this.proposer = proposer;
    this.missed = missed;
  }

  /** The slot's payload. It is built once, however many blocks are made around it, and is no block's until adopted. */
  async draft(execution: ExecutionPort, attributes: BlockAttributes): Promise<SealedBlock> {
    this.#draft ??= await execution.draft(attributes);
    return this.#draft.sealed;
  }

  /** Throws an Error that says why when a block (before Gloas) does not carry the payload that was built here. */
  requirePayloadOf({ message: { body } }: DevnetBlock): SealedBlock {
    if (!this.#draft) throw Error('its payload was not built by this node: ask for the block here first');
    if (!('executionPayload' in body)) throw Error('blocks of this fork are only made by the devnet itself');
    const { sealed } = this.#draft;
    const { ExecutionPayload, ExecutionRequests } = ssz.electra;
    if (!ExecutionPayload.equals(body.executionPayload, toExecutionPayload(sealed.payload))) {
      throw Error('its payload is not the one that was built here for this slot');
    }
    if (!ExecutionRequests.equals(body.executionRequests, toExecutionRequests(sealed.requests))) {
      throw Error('its execution requests are not those of its payload');
    }
    if (body.blobKzgCommitments.length > 0) throw Error('it commits to blobs, which its payload has not');
    return sealed;
  }

  async adopt(): Promise<void> {
    await this.#draft?.adopt();
    this.#draft = null;
    this.missed = null;
  }

  /** The payload that no block came for must leave no trace. */
  async drop(): Promise<void> {
    await this.#draft?.drop();
    this.#draft = null;
  }
}
