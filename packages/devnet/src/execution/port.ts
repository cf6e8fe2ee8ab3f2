import type { Hex } from '@holdfast/units';

/** What the beacon side tells the execution side about the block to build (Engine API `PayloadAttributesV3`). */
export interface BlockAttributes {
  /** Seconds since 1970: `genesis_time + slot · SECONDS_PER_SLOT`. */
  readonly timestamp: number;
  readonly prevRandao: Hex;
  readonly feeRecipient: Hex;
  /** EIP-4788: hash_tree_root of the parent beacon block. */
  readonly parentBeaconBlockRoot: Hex;
  readonly withdrawals: readonly Withdrawal[];
}

/** EIP-4895. `amount` in gwei. */
export interface Withdrawal {
  readonly index: bigint;
  readonly validatorIndex: bigint;
  readonly address: Hex;
  readonly amount: bigint;
}

/** consensus-specs `DepositRequest` (EIP-6110). `amount` in gwei. */
export interface DepositRequest {
  readonly pubkey: Hex;
  readonly withdrawalCredentials: Hex;
  readonly amount: bigint;
  readonly signature: Hex;
  readonly index: bigint;
}

/** consensus-specs `WithdrawalRequest` (EIP-7002). `amount` in gwei, 0 = full exit. */
export interface WithdrawalRequest {
  readonly sourceAddress: Hex;
  readonly validatorPubkey: Hex;
  readonly amount: bigint;
}

/** consensus-specs `ConsolidationRequest` (EIP-7251). */
export interface ConsolidationRequest {
  readonly sourceAddress: Hex;
  readonly sourcePubkey: Hex;
  readonly targetPubkey: Hex;
}

export interface ExecutionRequests {
  readonly deposits: readonly DepositRequest[];
  readonly withdrawals: readonly WithdrawalRequest[];
  readonly consolidations: readonly ConsolidationRequest[];
}

/** consensus-specs `ExecutionPayload` (Deneb on), as the execution side sealed it. */
export interface SealedPayload {
  readonly parentHash: Hex;
  readonly feeRecipient: Hex;
  readonly stateRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly logsBloom: Hex;
  readonly prevRandao: Hex;
  readonly blockNumber: number;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  readonly timestamp: number;
  readonly extraData: Hex;
  readonly baseFeePerGas: bigint;
  /** EIP-4844. */
  readonly blobGasUsed: bigint;
  /** EIP-4844. */
  readonly excessBlobGas: bigint;
  readonly blockHash: Hex;
  /** Each as EIP-2718 bytes. */
  readonly transactions: readonly Hex[];
  readonly withdrawals: readonly Withdrawal[];
}

export interface SealedBlock {
  readonly payload: SealedPayload;
  readonly requests: ExecutionRequests;
}

/** A block that is built and not yet part of the chain. It is adopted or dropped, once, before anything else is sealed. */
export interface DraftBlock {
  readonly sealed: SealedBlock;
  /** Makes it the head. */
  adopt(): Promise<void>;
  /** Leaves the chain as if it had never been built; its transactions wait again. */
  drop(): Promise<void>;
}

export interface ExecutionHead {
  readonly blockHash: Hex;
  readonly blockNumber: number;
  readonly timestamp: number;
}

/** Execution block hashes that the beacon chain has justified and finalized (Engine API `ForkchoiceStateV1`). */
export interface FinalityMarks {
  readonly safeBlockHash: Hex;
  readonly finalizedBlockHash: Hex;
}

/**
 * The execution layer as the devnet drives it: one block at a time, on the head, with whatever transactions wait in
 * its pool. Every adapter passes the same compliance suite (`test/execution-compliance.ts`).
 */
export interface ExecutionPort {
  readonly chainId: number;
  head(): Promise<ExecutionHead>;
  /** Builds, seals and adopts the next block. After it, the state that JSON-RPC shows is that block's. */
  seal(attributes: BlockAttributes): Promise<SealedBlock>;
  /**
   * Builds the next block as `seal` does, to be adopted when its beacon block comes. Where the execution layer can build
   * on its head alone (EDR), JSON-RPC shows the draft until it is dropped, as a reorg would.
   */
  draft(attributes: BlockAttributes): Promise<DraftBlock>;
  /** Moves the block tags `safe` and `finalized`. Until the first call both stand at the genesis block. */
  markFinality(marks: FinalityMarks): Promise<void>;
  /** One standard JSON-RPC call. Rejects with `ExecutionRpcError` carrying code, message and data. */
  rpc(method: string, params: readonly unknown[]): Promise<unknown>;
  /** A mark to come back to; taken marks stay valid until an older one is restored. Not every adapter can: `ExecutionUnsupportedError`. */
  snapshot(): Promise<string>;
  restore(mark: string): Promise<void>;
  /** Makes `wei` vanish from an account, as no rule allows: for those who must notice. Only where the state is ours. */
  takeBalance?(address: Hex, wei: bigint): Promise<void>;
  close(): Promise<void>;
}
