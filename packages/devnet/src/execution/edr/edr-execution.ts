import { type Hex, WEI_PER_GWEI } from '@holdfast/units';
import { keccak256 } from 'viem';
import { checkAttributes } from '../attributes.ts';
import { devAccounts, type GenesisAccount } from '../dev-accounts.ts';
import { type RpcCall, withDevWallet } from '../dev-wallet.ts';
import { BadExecutionDataError, ExecutionRpcError } from '../errors.ts';
import { refuseAboveGasCap, withGas } from '../gas-cap.ts';
import { DEFAULT_BASE_FEE, DEFAULT_CHAIN_ID, DEFAULT_GAS_LIMIT, type GenesisOptions } from '../genesis.ts';
import type { BlockAttributes, DraftBlock, ExecutionHead, ExecutionPort, FinalityMarks, SealedBlock } from '../port.ts';
import { consolidationsFromSystemCall, depositsFromLogs, type RawLog, withdrawalsFromSystemCall } from '../requests.ts';
import {
  CONSOLIDATION_REQUEST_ADDRESS,
  DEPOSIT_CONTRACT_ADDRESS,
  WITHDRAWAL_REQUEST_ADDRESS,
} from '../system-contracts.ts';
import { type FinalityNumbers, resolveTags } from '../tags.ts';
import { withBeaconFields } from './block-view.ts';
import { headOf, payloadOf, type RpcBlock, sumByAddress } from './payload.ts';
import { startEdr } from './provider.ts';
import { creditBalance, dequeueRequests, storeBeaconRoot, storeParentHash } from './system-calls.ts';
import { takeBalance } from './take-balance.ts';

export interface EdrExecutionOptions extends GenesisOptions {
  /** Only what EDR tells about the block that does not exist yet; default 12. */
  readonly secondsPerSlot?: number;
}

/** What a mark must bring back beside EDR's own state. */
interface Memory {
  readonly head: ExecutionHead;
  readonly finality: FinalityNumbers;
  readonly rawTransactions: ReadonlyMap<string, Hex>;
}

interface Mark extends Memory {
  readonly name: string;
  edrId: unknown;
}

/**
 * An execution layer inside this process: EDR under Osaka's rules. What EDR lacks of the beacon chain's side is done
 * around each block: the EIP-4788 and EIP-2935 rings before it; deposits read from its logs, the EIP-7002 and EIP-7251
 * system calls and the withdrawals after it, as a change of the sealed block's state. So the numbers that a header
 * commits to (`stateRoot`, `withdrawalsRoot`, `requestsHash`) lack them, while every read of the state, old blocks
 * included, has them. A block's state also holds its child's two ring entries already.
 *
 * @example
 * const execution = await createEdrExecution({ genesisTime: 1_700_000_000 });
 * const { payload, requests } = await execution.seal(attributes);
 */
export async function createEdrExecution(options: EdrExecutionOptions): Promise<ExecutionPort> {
  const chainId = options.chainId ?? DEFAULT_CHAIN_ID;
  const accounts = options.accounts ?? devAccounts();
  const edr = await startEdr({
    chainId,
    timestamp: options.genesisTime,
    gasLimit: options.gasLimit ?? DEFAULT_GAS_LIMIT,
    baseFeePerGas: options.baseFeePerGas ?? DEFAULT_BASE_FEE,
    accounts,
  });
  const execution = new EdrExecution(edr, chainId, accounts, options.secondsPerSlot ?? 12);
  await execution.start();
  return execution;
}

class EdrExecution implements ExecutionPort {
  readonly chainId: number;
  readonly #edr: RpcCall;
  readonly #walletCall: RpcCall;
  readonly #secondsPerSlot: number;
  #head: ExecutionHead = { blockHash: '0x', blockNumber: 0, timestamp: 0 };
  #finality: FinalityNumbers = { safe: 0, finalized: 0 };
  /** By transaction hash, until sealed: EDR gives transactions back only as JSON, a payload needs their bytes. */
  #rawTransactions = new Map<string, Hex>();
  /** By block hash, which no two histories share, so a restore need not prune it. */
  readonly #attributes = new Map<string, BlockAttributes>();
  /** Request contracts that a system call would leave as they are: true until a transaction runs. */
  #quietContracts = new Set<Hex>();
  #marks: Mark[] = [];
  #marksTaken = 0;
  /** The last seal, snapshot or restore: calls wait for it, so that none sees a half-made block. */
  #exclusive: Promise<unknown> = Promise.resolve();

  constructor(edr: RpcCall, chainId: number, accounts: readonly GenesisAccount[], secondsPerSlot: number) {
    this.chainId = chainId;
    this.#edr = edr;
    this.#secondsPerSlot = secondsPerSlot;
    this.#walletCall = withDevWallet((method, params) => this.#nodeCall(method, params), chainId, accounts);
  }

  async start(): Promise<void> {
    const genesis = await this.#block('0x0');
    this.#head = headOf(genesis);
    await this.#stopClock();
  }

  async head(): Promise<ExecutionHead> {
    await this.#exclusive;
    return this.#head;
  }

  async seal(attributes: BlockAttributes): Promise<SealedBlock> {
    return this.#alone(() => this.#seal(attributes));
  }

  async draft(attributes: BlockAttributes): Promise<DraftBlock> {
    return this.#alone(async () => {
      const mark = await this.#takeMark();
      const sealed = await this.#seal(attributes);
      return {
        sealed,
        adopt: async () => this.#forget(mark),
        drop: () => this.#drop(mark),
      };
    });
  }

  async markFinality(marks: FinalityMarks): Promise<void> {
    const [safe, finalized] = await Promise.all([
      this.#numberOf(marks.safeBlockHash),
      this.#numberOf(marks.finalizedBlockHash),
    ]);
    this.#finality = { safe, finalized };
  }

  async rpc(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.#walletCall(method, params);
  }

  async snapshot(): Promise<string> {
    return this.#alone(async () => (await this.#takeMark()).name);
  }

  async restore(name: string): Promise<void> {
    return this.#alone(() => this.#restore(name));
  }

  async takeBalance(address: Hex, wei: bigint): Promise<void> {
    return this.#alone(() => takeBalance(this.#edr, address, wei));
  }

  async close(): Promise<void> {
    await this.#exclusive;
  }

  async #takeMark(): Promise<Mark> {
    this.#marksTaken += 1;
    const edrId = await this.#edr('evm_snapshot', []);
    const mark = { name: `edr-${this.#marksTaken}`, edrId, ...this.#memory() };
    this.#marks.push(mark);
    return mark;
  }

  async #restore(name: string): Promise<void> {
    const mark = this.#marks.find((taken) => taken.name === name);
    if (!mark || (await this.#edr('evm_revert', [mark.edrId])) !== true) {
      throw new BadExecutionDataError('no such snapshot', {
        data: { mark: name },
        fix: 'A mark dies when an older one is restored: take a new one',
      });
    }
    // EDR forgets the snapshot it went back to and all later ones; this one is to stay usable.
    mark.edrId = await this.#edr('evm_snapshot', []);
    this.#marks = this.#marks.slice(0, this.#marks.indexOf(mark) + 1);
    this.#head = mark.head;
    this.#finality = mark.finality;
    this.#rawTransactions = new Map(mark.rawTransactions);
    this.#quietContracts = new Set();
    await this.#stopClock();
  }

  #forget(mark: Mark): void {
    this.#marks = this.#marks.filter((taken) => taken !== mark);
  }

  /** Back to the mark that a draft began with, without losing what was sent since. */
  async #drop(mark: Mark): Promise<void> {
    await this.#alone(async () => {
      const since = [...this.#rawTransactions].filter(([hash]) => !mark.rawTransactions.has(hash));
      const finality = this.#finality;
      await this.#restore(mark.name);
      this.#finality = finality;
      this.#forget(mark);
      for (const [hash, raw] of since) {
        this.#rawTransactions.set(hash, raw);
        // What only made sense after the draft has lost its ground, as in a reorg.
        await this.#edr('eth_sendRawTransaction', [raw]).catch(() => this.#rawTransactions.delete(hash));
      }
    });
  }

  async #seal(attributes: BlockAttributes): Promise<SealedBlock> {
    checkAttributes(attributes, this.#head);
    const { timestamp, prevRandao, feeRecipient, parentBeaconBlockRoot, withdrawals } = attributes;
    await storeParentHash(this.#edr, this.#head);
    await storeBeaconRoot(this.#edr, timestamp, parentBeaconBlockRoot);
    await this.#edr('evm_setNextBlockTimestamp', [timestamp]);
    await this.#edr('hardhat_setPrevRandao', [prevRandao]);
    await this.#edr('hardhat_setCoinbase', [feeRecipient]);
    await this.#edr('evm_mine', []);
    const block = await this.#block('latest');
    const deposits = BigInt(block.gasUsed) === 0n ? [] : depositsFromLogs(await this.#depositLogs(block));
    for (const [address, gwei] of sumByAddress(withdrawals)) {
      await creditBalance(this.#edr, address, gwei * WEI_PER_GWEI);
    }
    if (block.transactions.length > 0) this.#quietContracts.clear();
    const requests = {
      deposits,
      withdrawals: withdrawalsFromSystemCall(await this.#dequeue(WITHDRAWAL_REQUEST_ADDRESS)),
      consolidations: consolidationsFromSystemCall(await this.#dequeue(CONSOLIDATION_REQUEST_ADDRESS)),
    };
    const raws = block.transactions.map((hash) => this.#takeRaw(hash));
    const payload = payloadOf(block, raws, attributes.withdrawals);
    this.#attributes.set(block.hash, attributes);
    this.#head = headOf(block);
    await this.#stopClock();
    return { payload, requests };
  }

  async #dequeue(contract: Hex): Promise<Hex> {
    if (this.#quietContracts.has(contract)) return '0x';
    const { output, changed } = await dequeueRequests(this.#edr, contract);
    if (!changed) this.#quietContracts.add(contract);
    return output;
  }

  #takeRaw(hash: Hex): Hex {
    const raw = this.#rawTransactions.get(hash);
    if (raw === undefined) throw new BadExecutionDataError('a sealed transaction was never sent', { data: { hash } });
    this.#rawTransactions.delete(hash);
    return raw;
  }

  /** A standard call, as a node would take it. */
  async #nodeCall(method: string, params: readonly unknown[]): Promise<unknown> {
    await this.#exclusive;
    if (method === 'eth_sendRawTransaction') return this.#sendRaw(params);
    const result = await this.#edr(method, withGas(method, resolveTags(method, params, this.#finality)));
    return method === 'eth_getBlockByNumber' || method === 'eth_getBlockByHash'
      ? withBeaconFields(result, (hash) => this.#attributes.get(hash))
      : result;
  }

  async #sendRaw(params: readonly unknown[]): Promise<unknown> {
    const raw = params[0];
    if (typeof raw !== 'string' || !/^0x(?:[0-9a-fA-F]{2})+$/.test(raw))
      return this.#edr('eth_sendRawTransaction', params);
    refuseAboveGasCap(raw);
    const hash = keccak256(raw as Hex);
    const known = this.#rawTransactions.has(hash);
    // Before EDR has it, or a seal could come between.
    this.#rawTransactions.set(hash, raw as Hex);
    try {
      return await this.#edr('eth_sendRawTransaction', params);
    } catch (refusal) {
      if (!known) this.#rawTransactions.delete(hash);
      throw refusal;
    }
  }

  async #block(tag: string): Promise<RpcBlock> {
    return (await this.#edr('eth_getBlockByNumber', [tag, false])) as RpcBlock;
  }

  async #depositLogs(block: RpcBlock): Promise<readonly RawLog[]> {
    const filter = { address: DEPOSIT_CONTRACT_ADDRESS, fromBlock: block.number, toBlock: block.number };
    return (await this.#edr('eth_getLogs', [filter])) as readonly RawLog[];
  }

  async #numberOf(hash: Hex): Promise<number> {
    // consensus-specs: before anything is finalized the hash is zero, and genesis is what can be relied on.
    if (/^0x0*$/.test(hash)) return 0;
    const block = (await this.#edr('eth_getBlockByHash', [hash, false])) as RpcBlock | null;
    if (block) return Number(block.number);
    throw new ExecutionRpcError(-38002, `Invalid forkchoice state: no block ${hash}`);
  }

  /** EDR dates the block to come by the wall clock unless it is told a time. */
  async #stopClock(): Promise<void> {
    await this.#edr('evm_setNextBlockTimestamp', [this.#head.timestamp + this.#secondsPerSlot]);
  }

  #memory(): Memory {
    return { head: this.#head, finality: this.#finality, rawTransactions: new Map(this.#rawTransactions) };
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#exclusive.then(work);
    this.#exclusive = turn.catch(() => undefined);
    return turn;
  }
}
