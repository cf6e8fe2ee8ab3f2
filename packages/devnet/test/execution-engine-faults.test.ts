import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Hex, toHex } from '@holdfast/units';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RpcCall } from '../src/execution/dev-wallet.ts';
import { connectEngine, createEngineExecution } from '../src/execution/engine/engine-execution.ts';
import { createEmbeddedEthereumjs, type EmbeddedExecution } from '../src/execution/engine/ethereumjs.ts';
import { engineToken, httpRpc } from '../src/execution/engine/http-rpc.ts';
import { GENESIS_TIME, SlotDriver } from './execution-kit.ts';

let client: EmbeddedExecution;
let engine: RpcCall;
let node: RpcCall;

beforeAll(async () => {
  client = await createEmbeddedEthereumjs({ genesisTime: GENESIS_TIME });
  engine = httpRpc(client.url, {
    headers: () => ({ authorization: `Bearer ${engineToken(client.jwtSecret, Date.now())}` }),
  });
  node = httpRpc(client.url);
});
afterAll(() => client.close());

/** A driver over the real client with one answer bent. */
async function bent(method: string, bend: (answer: never) => unknown): Promise<SlotDriver> {
  const lying: RpcCall = async (called, params) => {
    const answer = await engine(called, params);
    return called === method ? bend(answer as never) : answer;
  };
  const port = await connectEngine({ engine: lying, node, accounts: [], buildTimeMs: 0, close: async () => undefined });
  return new SlotDriver(port);
}

describe('an execution client that lies', () => {
  type Built = { readonly executionPayload: Record<string, unknown> };
  const payloadWith = (fields: Record<string, unknown>) => (built: Built) => ({
    ...built,
    executionPayload: { ...built.executionPayload, ...fields },
  });
  const hash: Hex = toHex(new Uint8Array(32).fill(9));

  it.each<[string, Record<string, unknown>]>([
    ['parent', { parentHash: hash }],
    ['fee recipient', { feeRecipient: hash.slice(0, 42) }],
    ['randao', { prevRandao: hash }],
    ['time', { timestamp: '0x1' }],
    ['number', { blockNumber: '0x7' }],
    [
      'withdrawals',
      { withdrawals: [{ index: '0x0', validatorIndex: '0x0', address: hash.slice(0, 42), amount: '0x1' }] },
    ],
    ['short state root', { stateRoot: '0x12' }],
    ['missing gas', { gasUsed: undefined }],
  ])('about the %s of its payload is refused', async (_name, fields) => {
    const driver = await bent('engine_getPayloadV4', payloadWith(fields));
    await expect(driver.next()).rejects.toMatchObject({ code: 'EXECUTION_BAD_DATA' });
  });

  it('about requests is refused', async () => {
    const driver = await bent('engine_getPayloadV4', (built: object) => ({ ...built, executionRequests: ['0x0100'] }));
    await expect(driver.next()).rejects.toMatchObject({ code: 'EXECUTION_BAD_DATA' });
  });

  it('about its state is caught by the client itself', async () => {
    const driver = await bent('engine_getPayloadV4', payloadWith({ stateRoot: hash }));
    await expect(driver.next()).rejects.toMatchObject({ code: 'EXECUTION_ENGINE', data: { status: 'INVALID' } });
  });

  it.each(['INVALID', 'SYNCING', 'ACCEPTED'])('by %s stops the block', async (status) => {
    const driver = await bent('engine_newPayloadV4', () => ({ status, validationError: 'because' }));
    await expect(driver.next()).rejects.toThrow(new RegExp(`${status}.*because`));
  });

  it('by leaving the payload id out stops the block', async () => {
    const driver = await bent('engine_forkchoiceUpdatedV3', (answer: object) => ({ ...answer, payloadId: null }));
    await expect(driver.next()).rejects.toMatchObject({ code: 'EXECUTION_ENGINE' });
  });

  it('that was too old to know Prague is not driven', async () => {
    await expect(bent('engine_exchangeCapabilities', () => ['engine_getPayloadV3'])).rejects.toThrow(/too old/);
  });

  it('falls back to the payload version of the fork', async () => {
    const both: RpcCall = async (method, params) => {
      if (method === 'engine_exchangeCapabilities') {
        return [...((await engine(method, params)) as string[]), 'engine_getPayloadV5'];
      }
      // Prague's client answers Osaka's method with -38005.
      return method === 'engine_getPayloadV5'
        ? httpRpc(
            await answering(
              JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -38005, message: 'Unsupported fork' } }),
            ),
          )(method, params)
        : engine(method, params);
    };
    const port = await connectEngine({
      engine: both,
      node,
      accounts: [],
      buildTimeMs: 0,
      close: async () => undefined,
    });
    const driver = new SlotDriver(port);
    expect((await driver.next()).payload.blockNumber).toBe(1);
    expect((await driver.next()).payload.blockNumber).toBe(2);
  });
});

describe('an execution client that cannot be talked to', () => {
  it('names a wrong secret', async () => {
    const jwtSecret = toHex(new Uint8Array(32));
    const opened = createEngineExecution({ engineUrl: client.url, rpcUrl: client.url, jwtSecret });
    await expect(opened).rejects.toThrow(/refuses our token/);
  });

  it('works by URL and secret', async () => {
    const port = await createEngineExecution({
      engineUrl: client.url,
      rpcUrl: client.url,
      jwtSecret: client.jwtSecret,
    });
    expect(port.chainId).toBe(31337);
    await port.close();
  });

  it.each([
    ['something else', 'hello', /not JSON/],
    ['no JSON-RPC', '{}', /does not speak JSON-RPC/],
  ])('names one that answers %s', async (_name, body, message) => {
    await expect(httpRpc(await answering(body))('eth_chainId', [])).rejects.toThrow(message);
  });

  it('names one that is not there, and one that stalls', async () => {
    const gone = await answering('');
    await closeAll();
    await expect(httpRpc(gone)('eth_chainId', [])).rejects.toThrow(/does not answer/);
    const stalled = await answering(undefined);
    await expect(httpRpc(stalled, { timeoutMs: 50 })('eth_chainId', [])).rejects.toThrow(/does not answer/);
  });
});

describe('the token', () => {
  it('is an HS256 JWT whose claim is the time in seconds', () => {
    // Computed with `openssl dgst -sha256 -mac HMAC` over the two base64url parts.
    const [header, claims, signature] = engineToken(toHex(new Uint8Array(32).fill(1)), 1_700_000_000_999).split('.');
    expect(JSON.parse(Buffer.from(header ?? '', 'base64url').toString())).toEqual({ typ: 'JWT', alg: 'HS256' });
    expect(JSON.parse(Buffer.from(claims ?? '', 'base64url').toString())).toEqual({ iat: 1_700_000_000 });
    expect(signature).toBe('RcAAdC9ZUGYZrGJlozlhCSnhvJwreEwRhZLqYysZnpg');
  });

  it('refuses a secret of another length', () => {
    expect(() => engineToken('0x1234', 0)).toThrow(expect.objectContaining({ code: 'UNITS_BAD_LENGTH' }));
  });
});

const servers: ReturnType<typeof createServer>[] = [];

/** A server that gives every request this body, or never answers. */
async function answering(body: string | undefined): Promise<string> {
  const server = createServer((_request, response) => {
    if (body !== undefined) response.end(body);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closeAll(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
}
afterAll(closeAll);
