import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EthereumClient } from '@ethereumjs/client/dist/esm/src/client.js';
import { Config, SyncMode } from '@ethereumjs/client/dist/esm/src/config.js';
import { LevelDB } from '@ethereumjs/client/dist/esm/src/execution/level.js';
import { RPCManager } from '@ethereumjs/client/dist/esm/src/rpc/index.js';
import { createRPCServer, createRPCServerListener, MethodConfig } from '@ethereumjs/client/dist/esm/src/util/index.js';
import { type ChainConfig, parseGethGenesis, parseGethGenesisState } from '@ethereumjs/common';
import { type Hex, toHex } from '@holdfast/units';
import { devAccounts } from '../dev-accounts.ts';
import type { RpcCall } from '../dev-wallet.ts';
import {
  type ChainGenesis,
  DEFAULT_BASE_FEE,
  DEFAULT_CHAIN_ID,
  DEFAULT_GAS_LIMIT,
  type GenesisOptions,
  gethGenesis,
} from '../genesis.ts';
import type { ExecutionPort } from '../port.ts';
import { connectEngine } from './engine-execution.ts';
import { withStandardAnswers } from './ethereumjs-rpc.ts';
import { engineToken, httpRpc } from './http-rpc.ts';
import { MemoCommon } from './memo-common.ts';
import { memoRecover } from './memo-recover.ts';

/** An execution port over an execution client that runs inside this process. */
export interface EmbeddedExecution extends ExecutionPort {
  /** Where the client serves the Engine API (with `jwtSecret`) and its own JSON-RPC: a free loopback port. */
  readonly url: string;
  readonly jwtSecret: Hex;
}

/** A devnet holds few accounts: the client's defaults reserve room for 400,000, anew for each call. */
const CACHE_SIZES = { accountCache: 2_000, storageCache: 5_000, codeCache: 500, trieCache: 20_000 };

/**
 * @ethereumjs/client without peers or disk, driven through its real Engine API over loopback HTTP. Prague's rules (it
 * does not speak Osaka's Engine API), to which EIP-7825's gas cap is added at the door of its pool.
 */
export async function createEmbeddedEthereumjs(options: GenesisOptions): Promise<EmbeddedExecution> {
  const genesis = {
    chainId: options.chainId ?? DEFAULT_CHAIN_ID,
    timestamp: options.genesisTime,
    gasLimit: options.gasLimit ?? DEFAULT_GAS_LIMIT,
    baseFeePerGas: options.baseFeePerGas ?? DEFAULT_BASE_FEE,
    accounts: options.accounts ?? devAccounts(),
  };
  const client = await startClient(genesis);
  const jwtSecret = toHex(new Uint8Array(randomBytes(32)));
  const server = await serve(client, jwtSecret);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const authorization = () => ({ authorization: `Bearer ${engineToken(jwtSecret, Date.now())}` });
  const port = await connectEngine({
    engine: httpRpc(url, { headers: authorization, timeoutMs: 60_000 }),
    node: withStandardAnswers(httpRpc(url, { timeoutMs: 60_000 }) satisfies RpcCall, client),
    accounts: genesis.accounts,
    // It builds on demand: a payload holds all that the pool held when asked.
    buildTimeMs: 0,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await client.stop();
    },
  });
  return Object.assign(port, { url, jwtSecret });
}

async function startClient(genesis: ChainGenesis): Promise<EthereumClient> {
  const json = gethGenesis(genesis);
  // Through JSON, as fields that it sets to undefined are not what its own type allows.
  const chain = JSON.parse(JSON.stringify(parseGethGenesis(json, 'holdfast-devnet'))) as ChainConfig;
  const common = new MemoCommon({ chain, customCrypto: { ecrecover: memoRecover() } });
  const config = new Config({
    common,
    // No peers: the consensus side is all that this client hears.
    syncmode: SyncMode.None,
    isSingleNode: true,
    discV4: false,
    saveReceipts: true,
    ...CACHE_SIZES,
  });
  const metaDB = new LevelDB()._leveldb;
  const client = await EthereumClient.create({ config, metaDB, genesisState: parseGethGenesisState(json) });
  await client.open();
  await client.start();
  config.updateSynchronizedState(client.chain.headers.latest);
  client.service.txPool.checkRunState();
  return client;
}

async function serve(client: EthereumClient, jwtSecret: Hex): Promise<Server> {
  const { server } = createRPCServer(new RPCManager(client, client.config), {
    methodConfig: MethodConfig.WithEngine,
    rpcDebug: '',
    rpcDebugVerbose: '',
  });
  const isEngine = (call: unknown) => String((call as { method?: unknown } | null)?.method).startsWith('engine_');
  const http = createRPCServerListener({
    server,
    withEngineMiddleware: {
      jwtSecret: Buffer.from(jwtSecret.slice(2), 'hex'),
      unlessFn: (request: IncomingMessage & { body?: unknown }) => ![request.body].flat().some(isEngine),
    },
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return http;
}
