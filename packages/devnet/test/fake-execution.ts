import { createHash } from 'node:crypto';
import type { Hex } from '@holdfast/units';
import type {
  BlockAttributes,
  ConsolidationRequest,
  DepositRequest,
  DraftBlock,
  ExecutionHead,
  ExecutionPort,
  FinalityMarks,
  SealedBlock,
  WithdrawalRequest,
} from '../src/execution/port.ts';

const ZERO = `0x${'00'.repeat(32)}` as Hex;

interface FakeState {
  head: ExecutionHead;
  depositCount: bigint;
  deposits: DepositRequest[];
  withdrawals: WithdrawalRequest[];
  consolidations: ConsolidationRequest[];
}

/** An execution layer without an EVM: tests queue requests by hand and look at what the beacon side asked for. */
export class FakeExecution implements ExecutionPort {
  readonly chainId = 31337;
  readonly sealed: BlockAttributes[] = [];
  readonly finality: FinalityMarks[] = [];
  readonly #marks: FakeState[] = [];
  #state: FakeState;

  constructor(timestamp = 1_800_000_000) {
    const head = { blockHash: hash('genesis'), blockNumber: 0, timestamp };
    this.#state = { head, depositCount: 0n, deposits: [], withdrawals: [], consolidations: [] };
  }

  deposit(deposit: Omit<DepositRequest, 'index'>): void {
    this.#state.deposits.push({ ...deposit, index: this.#state.depositCount++ });
  }

  withdraw(request: WithdrawalRequest): void {
    this.#state.withdrawals.push(request);
  }

  consolidate(request: ConsolidationRequest): void {
    this.#state.consolidations.push(request);
  }

  async head(): Promise<ExecutionHead> {
    return this.#state.head;
  }

  async seal(attributes: BlockAttributes): Promise<SealedBlock> {
    const { head, deposits, withdrawals, consolidations } = this.#state;
    this.sealed.push(attributes);
    const requests = {
      deposits: deposits.splice(0),
      withdrawals: withdrawals.splice(0, 16),
      consolidations: consolidations.splice(0, 2),
    };
    const text = JSON.stringify([head, attributes, requests], (_, v) => (typeof v === 'bigint' ? `${v}` : v));
    const block = { blockHash: hash(text), blockNumber: head.blockNumber + 1, timestamp: attributes.timestamp };
    this.#state.head = block;
    return {
      payload: {
        ...block,
        parentHash: head.blockHash,
        feeRecipient: attributes.feeRecipient,
        stateRoot: ZERO,
        receiptsRoot: ZERO,
        logsBloom: `0x${'00'.repeat(256)}`,
        prevRandao: attributes.prevRandao,
        gasLimit: 30_000_000n,
        gasUsed: 0n,
        extraData: '0x',
        baseFeePerGas: 7n,
        blobGasUsed: 0n,
        excessBlobGas: 0n,
        transactions: [],
        withdrawals: attributes.withdrawals,
      },
      requests,
    };
  }

  async draft(attributes: BlockAttributes): Promise<DraftBlock> {
    const before = structuredClone(this.#state);
    const sealed = await this.seal(attributes);
    return {
      sealed,
      adopt: async () => undefined,
      drop: async () => {
        this.#state = before;
      },
    };
  }

  async markFinality(marks: FinalityMarks): Promise<void> {
    this.finality.push(marks);
  }

  async rpc(): Promise<unknown> {
    throw new Error('the fake has no JSON-RPC');
  }

  async snapshot(): Promise<string> {
    this.#marks.push(structuredClone(this.#state));
    return `${this.#marks.length - 1}`;
  }

  async restore(mark: string): Promise<void> {
    this.#state = structuredClone(this.#marks[Number(mark)]!);
  }

  async close(): Promise<void> {}
}

function hash(text: string): Hex {
  return `0x${createHash('sha256').update(text).digest('hex')}`;
}
