import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { checkAttributes } from '../attributes.ts';
import { devAccounts, type GenesisAccount } from '../dev-accounts.ts';
import { type RpcCall, withDevWallet } from '../dev-wallet.ts';
import { EngineApiError, ExecutionRpcError, ExecutionUnsupportedError } from '../errors.ts';
import type { BlockAttributes, DraftBlock, ExecutionHead, ExecutionPort, FinalityMarks, SealedBlock } from '../port.ts';
import { decodeExecutionRequests } from '../requests.ts';
import { type FinalityNumbers, resolveTags } from '../tags.ts';
import { engineToken, httpRpc } from './http-rpc.ts';
import {
  checkPayload,
  type ExecutionPayloadV3,
  fromExecutionPayload,
  toExecutionPayloadV3,
  toPayloadAttributesV3,
} from './payload.ts';

export interface EngineExecutionOptions {
  /** The authenticated Engine API, `http://127.0.0.1:8551` on most clients. */
  readonly engineUrl: string;
  /** The client's ordinary JSON-RPC. */
  readonly rpcUrl: string;
  /** The 32 bytes of the client's `jwt.hex`. */
  readonly jwtSecret: Hex;
  /** Accounts for which `eth_sendTransaction` is signed here. Default: `devAccounts()`; the genesis must fund them. */
  readonly accounts?: readonly GenesisAccount[];
  /**
   * How long the client may go on gathering transactions after it was asked for a block. Default 100 ms: geth and reth
   * begin with an empty payload and fill it in the background.
   */
  readonly buildTimeMs?: number;
  /** Default 8 s. */
  readonly timeoutMs?: number;
}

/** Error code of the Engine API for a method version that does not fit the payload's fork. */
const UNSUPPORTED_FORK = -38005;
const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

interface PayloadStatus {
  readonly status: string;
  readonly validationError?: string | null;
}

interface BuiltPayload {
  readonly executionPayload: ExecutionPayloadV3;
  readonly executionRequests?: readonly Hex[];
  readonly blobsBundle?: { readonly commitments: readonly Hex[] };
}

/** A payload that the client built, with what it must be told again when it is adopted. */
interface Built {
  readonly sealed: SealedBlock;
  readonly entries: readonly Hex[];
  readonly commitments: readonly Hex[];
}

/**
 * An execution client of its own (geth, reth, …) whose chain the devnet's beacon side drives by the Engine API, as any
 * consensus client would. The client's genesis must have Prague active and hold the system contracts.
 */
export async function createEngineExecution(options: EngineExecutionOptions): Promise<ExecutionPort> {
  const timeout = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  const authorization = () => ({ authorization: `Bearer ${engineToken(options.jwtSecret, Date.now())}` });
  return connectEngine({
    engine: httpRpc(options.engineUrl, { ...timeout, headers: authorization }),
    node: httpRpc(options.rpcUrl, timeout),
    accounts: options.accounts ?? devAccounts(),
    buildTimeMs: options.buildTimeMs ?? 100,
    close: async () => undefined,
  });
}

export interface EngineConnection {
  readonly engine: RpcCall;
  readonly node: RpcCall;
  readonly accounts: readonly GenesisAccount[];
  readonly buildTimeMs: number;
  readonly close: () => Promise<void>;
}

/** The port over any two JSON-RPC callers, one of them authenticated. */
export async function connectEngine(connection: EngineConnection): Promise<ExecutionPort> {
  const chainId = Number(await connection.node('eth_chainId', []));
  const capabilities = await connection.engine('engine_exchangeCapabilities', [
    ['engine_forkchoiceUpdatedV3', 'engine_getPayloadV4', 'engine_getPayloadV5', 'engine_newPayloadV4'],
  ]);
  const supported = new Set(Array.isArray(capabilities) ? (capabilities as unknown[]) : []);
  for (const method of ['engine_forkchoiceUpdatedV3', 'engine_getPayloadV4', 'engine_newPayloadV4']) {
    if (supported.has(method)) continue;
    throw new EngineApiError('the execution client is too old', { data: { method }, fix: 'Use one that knows Prague' });
  }
  const execution = new EngineExecution(connection, chainId, supported.has('engine_getPayloadV5'));
  await execution.start();
  return execution;
}

class EngineExecution implements ExecutionPort {
  readonly chainId: number;
  readonly #connection: EngineConnection;
  readonly #walletCall: RpcCall;
  /** Osaka's version first where the client has it; the first refusal settles which one this chain's fork wants. */
  #getPayload: readonly string[];
  #head: ExecutionHead = { blockHash: ZERO_HASH, blockNumber: 0, timestamp: 0 };
  #marks: FinalityMarks = { safeBlockHash: ZERO_HASH, finalizedBlockHash: ZERO_HASH };
  #finality: FinalityNumbers = { safe: 0, finalized: 0 };
  /** The seal under way: calls wait for it, so that none sees a half-made block. */
  #exclusive: Promise<unknown> = Promise.resolve();

  constructor(connection: EngineConnection, chainId: number, hasV5: boolean) {
    this.#connection = connection;
    this.chainId = chainId;
    this.#getPayload = hasV5 ? ['engine_getPayloadV5', 'engine_getPayloadV4'] : ['engine_getPayloadV4'];
    this.#walletCall = withDevWallet(
      async (method, params) => {
        await this.#exclusive;
        return connection.node(method, resolveTags(method, params, this.#finality));
      },
      chainId,
      connection.accounts,
    );
  }

  async start(): Promise<void> {
    this.#head = await this.#headOf('eth_getBlockByNumber', 'latest');
  }

  async head(): Promise<ExecutionHead> {
    await this.#exclusive;
    return this.#head;
  }

  async seal(attributes: BlockAttributes): Promise<SealedBlock> {
    return this.#alone(async () => {
      const built = await this.#build(attributes);
      await this.#adopt(built, attributes);
      return built.sealed;
    });
  }

  async draft(attributes: BlockAttributes): Promise<DraftBlock> {
    const built = await this.#alone(() => this.#build(attributes));
    return {
      sealed: built.sealed,
      adopt: () => this.#alone(() => this.#adopt(built, attributes)),
      // The client never heard that the block it built was wanted.
      drop: async () => undefined,
    };
  }

  async markFinality(marks: FinalityMarks): Promise<void> {
    const numberOf = async (hash: Hex) =>
      hash === ZERO_HASH ? 0 : (await this.#headOf('eth_getBlockByHash', hash)).blockNumber;
    const [safe, finalized] = [await numberOf(marks.safeBlockHash), await numberOf(marks.finalizedBlockHash)];
    this.#finality = { safe, finalized };
    // The client hears of it with the next block.
    this.#marks = marks;
  }

  async rpc(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.#walletCall(method, params);
  }

  async snapshot(): Promise<string> {
    throw this.#noSnapshots();
  }

  async restore(_mark: string): Promise<void> {
    throw this.#noSnapshots();
  }

  async close(): Promise<void> {
    await this.#exclusive;
    await this.#connection.close();
  }

  async #build(attributes: BlockAttributes): Promise<Built> {
    checkAttributes(attributes, this.#head);
    const payloadId = await this.#forkchoice(this.#head.blockHash, toPayloadAttributesV3(attributes));
    if (payloadId === null) throw new EngineApiError('the execution client would not start a block');
    if (this.#connection.buildTimeMs > 0) await sleep(this.#connection.buildTimeMs);
    const built = await this.#built(payloadId);
    const payload = fromExecutionPayload(built.executionPayload);
    const entries = built.executionRequests ?? [];
    const requests = decodeExecutionRequests(entries);
    checkPayload(payload, this.#head, attributes);
    return { sealed: { payload, requests }, entries, commitments: built.blobsBundle?.commitments ?? [] };
  }

  async #adopt({ sealed, entries, commitments }: Built, attributes: BlockAttributes): Promise<void> {
    const { payload } = sealed;
    const blobHashes = commitments.map(versionedHash);
    const status = (await this.#connection.engine('engine_newPayloadV4', [
      toExecutionPayloadV3(payload),
      blobHashes,
      attributes.parentBeaconBlockRoot,
      entries,
    ])) as PayloadStatus;
    requireValid('engine_newPayloadV4', status);
    await this.#forkchoice(payload.blockHash, null);
    const { blockHash, blockNumber, timestamp } = payload;
    this.#head = { blockHash, blockNumber, timestamp };
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#exclusive.then(work);
    this.#exclusive = turn.catch(() => undefined);
    return turn;
  }

  async #forkchoice(headBlockHash: Hex, attributes: object | null): Promise<Hex | null> {
    const answer = (await this.#connection.engine('engine_forkchoiceUpdatedV3', [
      { headBlockHash, ...this.#marks },
      attributes,
    ])) as { readonly payloadStatus: PayloadStatus; readonly payloadId: Hex | null };
    requireValid('engine_forkchoiceUpdatedV3', answer.payloadStatus);
    return answer.payloadId;
  }

  async #built(payloadId: Hex): Promise<BuiltPayload> {
    for (const method of this.#getPayload) {
      try {
        const built = (await this.#connection.engine(method, [payloadId])) as BuiltPayload;
        this.#getPayload = [method];
        return built;
      } catch (refusal) {
        if (!(refusal instanceof ExecutionRpcError) || refusal.rpcCode !== UNSUPPORTED_FORK) throw refusal;
      }
    }
    throw new EngineApiError('the chain stands at a fork whose payloads we cannot read', {
      data: { tried: this.#getPayload.join(', ') },
      fix: 'Give the execution client a genesis with Prague or Osaka active, and nothing later',
    });
  }

  async #headOf(method: string, block: string): Promise<ExecutionHead> {
    const found = (await this.#connection.node(method, [block, false])) as {
      readonly hash: Hex;
      readonly number: Hex;
      readonly timestamp: Hex;
    } | null;
    if (!found) throw new EngineApiError('the execution client does not know a block', { data: { block } });
    return { blockHash: found.hash, blockNumber: Number(found.number), timestamp: Number(found.timestamp) };
  }

  #noSnapshots(): ExecutionUnsupportedError {
    return new ExecutionUnsupportedError(
      'go back in time',
      'an Engine API client',
      'Use the EDR adapter for snapshots',
    );
  }
}

function requireValid(method: string, status: PayloadStatus): void {
  if (status.status === 'VALID') return;
  throw new EngineApiError('the execution client does not call our block valid', {
    data: { method, status: status.status, validationError: status.validationError ?? '' },
    fix: status.status === 'SYNCING' ? 'Let it finish syncing, without peers' : 'See its log',
  });
}

/** EIP-4844 `kzg_to_versioned_hash`. */
function versionedHash(commitment: Hex): Hex {
  const hash = new Uint8Array(createHash('sha256').update(fromHex(commitment, 48)).digest());
  hash[0] = 1;
  return toHex(hash);
}
