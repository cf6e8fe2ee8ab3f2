import type { ValueOf } from '@chainsafe/ssz';
import { HoldfastError, type Root, toHex } from '@holdfast/units';
import { chainConfigToJson, createChainForkConfig } from '@lodestar/config';
import { activePreset, presetToJson } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BeaconClient,
  type BeaconClientOptions,
  BeaconHttpError,
  BeaconLieError,
  BeaconPresetError,
  BeaconUnavailableError,
  type ClientPorts,
  headerProof,
  type NodeFailure,
  stateTypeOf,
  systemPorts,
} from '../src/index.ts';
import { type Handler, json, octets, TestNode } from './server.ts';
import { fromValue, sampleValue } from './states.ts';

const value = sampleValue('fulu', { slot: 640 }) as ValueOf<typeof ssz.fulu.BeaconState>;
value.latestBlockHeader.slot = 640;
const state = fromValue('fulu', value);
const stateBytes = stateTypeOf('fulu').serialize(value);
const { header, root: blockRoot } = headerProof(state);
const block = ssz.fulu.SignedBeaconBlock.defaultValue();
block.message.slot = 641;
const bodyRoot = toHex(ssz.fulu.BeaconBlock.hashTreeRoot(block.message)) as Root;

const headerJson = (change: Record<string, unknown> = {}, root: string = blockRoot) => ({
  execution_optimistic: false,
  finalized: false,
  data: {
    root,
    canonical: true,
    header: {
      message: {
        slot: String(header.slot),
        proposer_index: String(header.proposerIndex),
        parent_root: header.parentRoot,
        state_root: header.stateRoot,
        body_root: header.bodyRoot,
        ...change,
      },
      signature: `0x${'00'.repeat(96)}`,
    },
  },
});

const validatorJson = (index: number) => ({
  index: String(index),
  balance: '32000000001',
  status: 'active_ongoing',
  validator: {
    pubkey: toHex(value.validators[index]!.pubkey),
    withdrawal_credentials: toHex(value.validators[index]!.withdrawalCredentials),
    effective_balance: '32000000000',
    slashed: false,
    activation_eligibility_epoch: '0',
    activation_epoch: '0',
    exit_epoch: '18446744073709551615',
    withdrawable_epoch: '18446744073709551615',
  },
});

const specJson = (change: Record<string, unknown> = {}) => ({
  data: {
    ...chainConfigToJson(createChainForkConfig({})),
    ...presetToJson(activePreset),
    PRESET_BASE: 'minimal',
    ...change,
  },
});

/** An honest node. */
const honest: Handler = (request, response, body) => {
  const path = request.url!;
  if (path === '/eth/v1/beacon/genesis') {
    return json(response, {
      data: {
        genesis_time: '1700000000',
        genesis_validators_root: toHex(value.genesisValidatorsRoot),
        genesis_fork_version: '0x00000001',
      },
    });
  }
  if (path === '/eth/v1/config/spec') return json(response, specJson());
  if (path === '/eth/v1/config/fork_schedule') {
    return json(response, {
      data: [{ previous_version: '0x00000000', current_version: '0x00000001', epoch: '18446744073709551615' }],
    });
  }
  if (/\/headers\/(head|640|0x)/.test(path)) return json(response, headerJson());
  if (path === `/eth/v2/beacon/blocks/${bodyRoot}` || path === '/eth/v2/beacon/blocks/641') {
    return octets(response, ssz.fulu.SignedBeaconBlock.serialize(block), 'fulu');
  }
  if (path.includes('/debug/beacon/states/')) return octets(response, stateBytes, 'fulu');
  if (path.endsWith('/validators') && request.method === 'POST') {
    const ids: string[] = JSON.parse(body).ids ?? ['0', '1'];
    return json(response, { data: ids.map((id) => validatorJson(Number(id))) });
  }
  if (/\/validators\/\d+$/.test(path)) return json(response, { data: validatorJson(Number(path.split('/').at(-1))) });
  if (path.endsWith('/pending_deposits')) {
    return json(response, { data: ssz.electra.PendingDeposits.toJson(value.pendingDeposits) });
  }
  if (path.endsWith('/finality_checkpoints')) {
    const checkpoint = { epoch: '9', root: blockRoot };
    return json(response, {
      data: { previous_justified: checkpoint, current_justified: checkpoint, finalized: checkpoint },
    });
  }
  if (request.method === 'POST' && path.includes('/pool/')) return response.writeHead(200).end();
  json(response, { code: 404, message: 'not found' }, 404);
};

async function failureOf(call: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof HoldfastError)) throw new Error('the call should have failed', { cause: error });
  return error;
}

const nodes: TestNode[] = [];
const slept: number[] = [];
/** Real sockets, but no waiting between rounds, and a random that says 1 minus nothing. */
const ports: ClientPorts = { ...systemPorts, sleep: async (ms) => void slept.push(ms), random: () => 1 };

async function nodesWith(...handlers: Handler[]): Promise<TestNode[]> {
  const started = await Promise.all(handlers.map((handler) => TestNode.start(handler)));
  nodes.push(...started);
  return started;
}

function clientOf(urls: TestNode[], options: Partial<BeaconClientOptions> = {}) {
  const failures: NodeFailure[] = [];
  const client = new BeaconClient({
    urls: urls.map((node) => node.url),
    ports,
    timeoutMs: 400,
    stateTimeoutMs: 2_000,
    onFailure: (failure) => failures.push(failure),
    ...options,
  });
  return { client, failures };
}

afterEach(async () => {
  slept.length = 0;
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

describe('BeaconClient with an honest node', () => {
  it('reads everything', async () => {
    const { client, failures } = clientOf(await nodesWith(honest));
    expect((await client.genesis()).genesisTime).toBe(1_700_000_000);
    const spec = await client.spec();
    expect(spec.presetBase).toBe('minimal');
    expect(spec.config.MIN_VALIDATOR_WITHDRAWABILITY_DELAY).toBe(256);
    expect((await client.forkSchedule())[0]?.epoch).toBe(Number.POSITIVE_INFINITY);
    expect((await client.header('head')).root).toBe(blockRoot);
    expect((await client.header(blockRoot)).header).toEqual(header);
    expect((await client.header(640)).header.slot).toBe(640);
    expect((await client.block(641)).root).toBe(bodyRoot);
    expect((await client.block(bodyRoot)).fork).toBe('fulu');
    expect((await client.state('head')).root).toBe(state.root);
    expect((await client.state(640, { verified: true })).root).toBe(state.root);
    expect((await client.state(state.root)).slot).toBe(640);
    expect((await client.state('justified', { verified: true })).root).toBe(state.root);
    expect((await client.verifiedState(blockRoot)).header.root).toBe(blockRoot);
    expect((await client.validators('head', { ids: [3, 1] })).map((v) => v.index)).toEqual([3, 1]);
    expect((await client.validators('head')).length).toBe(2);
    expect((await client.validator('head', 2)).validator.exitEpoch).toBe(2n ** 64n - 1n);
    expect((await client.pendingDeposits('head')).length).toBe(11);
    expect((await client.finalityCheckpoints()).finalized).toEqual({ epoch: 9, root: blockRoot });
    expect(failures).toEqual([]);
  });

  it('asks genesis and spec once', async () => {
    const [node] = await nodesWith(honest);
    const { client } = clientOf([node!]);
    await Promise.all([client.genesis(), client.genesis(), client.spec(), client.spec()]);
    expect(node!.requests.length).toBe(2);
  });

  it('takes JSON where a node offers no SSZ', async () => {
    const [node] = await nodesWith((request, response, body) => {
      if (request.url!.includes('/debug/')) {
        return json(response, { version: 'fulu', data: ssz.fulu.BeaconState.toJson(value) });
      }
      if (request.url!.includes('/blocks/')) {
        return json(response, { version: 'fulu', data: ssz.fulu.SignedBeaconBlock.toJson(block) });
      }
      honest(request, response, body);
    });
    const { client } = clientOf([node!]);
    expect((await client.state(640, { verified: true })).root).toBe(state.root);
    expect((await client.block(bodyRoot)).root).toBe(bodyRoot);
    expect(node!.requests[0]!.headers.accept).toBe('application/json');
  });

  it('submits exits and slashings in the form of the API', async () => {
    const [node] = await nodesWith(honest);
    const { client } = clientOf([node!]);
    await client.submitVoluntaryExit(ssz.phase0.SignedVoluntaryExit.defaultValue());
    await client.submitProposerSlashing(ssz.phase0.ProposerSlashing.defaultValue());
    await client.submitAttesterSlashing('fulu', ssz.electra.AttesterSlashing.defaultValue());
    expect(node!.requests.map((r) => r.url)).toEqual([
      '/eth/v1/beacon/pool/voluntary_exits',
      '/eth/v1/beacon/pool/proposer_slashings',
      '/eth/v2/beacon/pool/attester_slashings',
    ]);
    expect(JSON.parse(node!.requests[0]!.body)).toEqual({
      message: { epoch: '0', validator_index: '0' },
      signature: `0x${'00'.repeat(96)}`,
    });
    expect(node!.requests[2]!.headers['eth-consensus-version']).toBe('fulu');
  });

  it('finds old states by slot when a node does not know them by root', async () => {
    const { client } = clientOf(
      await nodesWith((request, response, body) => {
        if (request.url!.includes('/debug/beacon/states/0x')) return json(response, {}, 404);
        honest(request, response, body);
      }),
    );
    expect((await client.verifiedState(blockRoot)).state.root).toBe(state.root);
  });

  it('shows no part of a URL that can hold a secret', async () => {
    const client = new BeaconClient({ urls: ['http://user:secret@127.0.0.1:9/key-secret'], ports, roundsMax: 1 });
    await expect(client.genesis()).rejects.toThrow(/^(?!.*secret).*127\.0\.0\.1:9/);
    expect(() => new BeaconClient({ urls: ['ftp://x'] })).toThrow(/not the URL/);
    expect(() => new BeaconClient({ urls: [] })).toThrow(/at least one URL/);
  });
});

describe('BeaconClient with a lying node', () => {
  const lies: [string, (client: BeaconClient) => Promise<unknown>, Handler][] = [
    ['the root of a header', (c) => c.header('head'), (_q, r) => json(r, headerJson({}, `0x${'11'.repeat(32)}`))],
    ['the root of a header', (c) => c.header(bodyRoot), (_q, r) => json(r, headerJson())],
    ['the slot of a header', (c) => c.header(639), (_q, r) => json(r, headerJson())],
    [
      'the slot of a block',
      (c) => c.block(7),
      (_q, r) => octets(r, ssz.fulu.SignedBeaconBlock.serialize(block), 'fulu'),
    ],
    [
      'the root of a block',
      (c) => c.block(blockRoot),
      (_q, r) => octets(r, ssz.fulu.SignedBeaconBlock.serialize(block), 'fulu'),
    ],
    ['the slot of a state', (c) => c.state(639), (_q, r) => octets(r, stateBytes, 'fulu')],
    [
      'the root of a state',
      (c) => c.state('head', { verified: true }),
      (q, r, b) => {
        if (!q.url!.includes('/debug/')) return honest(q, r, b);
        const tampered = stateBytes.slice();
        tampered[tampered.length - 1]! ^= 1;
        octets(r, tampered, 'fulu');
      },
    ],
    ['a validator', (c) => c.validator('head', 3), (_q, r) => json(r, { data: validatorJson(4) })],
  ];

  it.each(lies)('finds out %s (%#), and says which node', async (what, ask, lie) => {
    const [liar] = await nodesWith(lie);
    const { client } = clientOf([liar!]);
    const error = await failureOf(ask(client));
    expect(error).toBeInstanceOf(BeaconLieError);
    expect(error.message).toContain(what);
    expect(error.data.node).toBe(new URL(liar!.url).host);
    expect(error.data.expected).not.toEqual(error.data.actual);
    expect(slept).toEqual([]);
  });

  it('believes the honest one beside it, reports the lie, and asks the liar last from then on', async () => {
    const [liar, good] = await nodesWith((_q, r) => json(r, headerJson({ slot: '641' })), honest);
    const { client, failures } = clientOf([liar!, good!]);
    expect((await client.header('head')).root).toBe(blockRoot);
    expect(failures.map((f) => f.error.code)).toEqual(['BEACON_LIE']);
    await client.header('head');
    expect(liar!.requests.length).toBe(1);
  });

  it('calls it a lie even when the other nodes are only down', async () => {
    const [liar, down] = await nodesWith(
      (_q, r) => json(r, headerJson({ slot: '641' })),
      (_q, r) => json(r, {}, 503),
    );
    await expect(clientOf([down!, liar!]).client.header('head')).rejects.toThrow(BeaconLieError);
  });

  it('refuses validators that nobody asked for', async () => {
    for (const data of [[validatorJson(2)], [validatorJson(1), validatorJson(1)]]) {
      const { client } = clientOf(await nodesWith((_q, r) => json(r, { data })));
      await expect(client.validators('head', { ids: [1] })).rejects.toThrow(/not asked for/);
    }
  });
});

describe('BeaconClient with a failing node', () => {
  it('tries 5xx again with growing pauses, then says so', async () => {
    const [node] = await nodesWith((_q, r) => json(r, { message: 'database is locked' }, 500));
    const { client } = clientOf([node!]);
    const error = await client.genesis().catch((e) => e);
    expect(error).toBeInstanceOf(BeaconHttpError);
    expect(error.status).toBe(500);
    expect(error.message).toMatch(/database is locked/);
    expect(node!.requests.length).toBe(3);
    expect(slept).toEqual([250, 500]);
  });

  it('recovers when the node does', async () => {
    let calls = 0;
    const [node] = await nodesWith((q, r, b) => {
      calls += 1;
      if (calls < 3) return void r.destroy();
      honest(q, r, b);
    });
    expect((await clientOf([node!]).client.genesis()).genesisTime).toBe(1_700_000_000);
  });

  it('does not insist on 404 or 400', async () => {
    const [node] = await nodesWith((_q, r) => json(r, { message: 'no such block' }, 404));
    const { client, failures } = clientOf([node!]);
    await expect(client.header(5)).rejects.toMatchObject({ status: 404 });
    expect(node!.requests.length).toBe(1);
    expect(failures).toEqual([]);
  });

  it('stops waiting for a node that stalls, before or within its answer', async () => {
    for (const stall of [
      () => {},
      (_q: unknown, r: Parameters<Handler>[1]) => {
        r.writeHead(200, { 'content-type': 'application/json' });
        r.write('{"data":');
      },
    ] as Handler[]) {
      const [slow, good] = await nodesWith(stall, honest);
      const { client, failures } = clientOf([slow!, good!], { timeoutMs: 150 });
      expect((await client.genesis()).genesisTime).toBe(1_700_000_000);
      expect(failures[0]!.error.code).toBe('BEACON_TIMEOUT');
      await expect(clientOf([slow!], { timeoutMs: 100, roundsMax: 1 }).client.genesis()).rejects.toThrow(
        /in time.*genesis/,
      );
    }
  });

  it('cuts off an answer that is too large, announced or not', async () => {
    const big = 'x'.repeat(300_000);
    for (const send of [
      (r: Parameters<Handler>[1]) => json(r, big),
      (r: Parameters<Handler>[1]) => {
        r.writeHead(200, { 'content-type': 'application/json' });
        for (let i = 0; i < 30; i += 1) r.write(big.slice(0, 10_000));
        r.end();
      },
    ]) {
      const { client } = clientOf(await nodesWith((_q, r) => send(r)), { bytesMax: { json: 100_000 } });
      await expect(client.genesis()).rejects.toThrow(/more than this answer may hold.*bytesMax=100000/);
    }
  });

  it('does not follow a node that points elsewhere', async () => {
    const [elsewhere] = await nodesWith(honest);
    const [node] = await nodesWith((_q, r) =>
      r.writeHead(302, { location: `${elsewhere!.url}/eth/v1/beacon/genesis` }).end(),
    );
    await expect(clientOf([node!], { roundsMax: 1 }).client.genesis()).rejects.toThrow(/cannot be reached/);
    expect(elsewhere!.requests.length).toBe(0);
  });

  it('asks the next node, and comes back to the first when it has rested', async () => {
    let nowMs = 0;
    let down = true;
    const [first, second] = await nodesWith((q, r, b) => (down ? json(r, {}, 502) : honest(q, r, b)), honest);
    const { client } = clientOf([first!, second!], { ports: { ...ports, now: () => nowMs } });
    await client.header('head');
    await client.header('head');
    expect([first!.requests.length, second!.requests.length]).toEqual([1, 2]);
    down = false;
    nowMs = 1_000;
    await client.header('head');
    expect([first!.requests.length, second!.requests.length]).toEqual([2, 2]);
  });

  it('names each reason when all nodes fail, each in its way', async () => {
    const bad = await nodesWith(
      (_q, r) => json(r, {}, 500),
      (_q, r) => r.end('<html>'),
    );
    const error = await clientOf(bad)
      .client.genesis()
      .catch((e) => e);
    expect(error).toBeInstanceOf(BeaconUnavailableError);
    expect(error.message).toMatch(/answered 500.*not JSON/);
  });

  it('ends at once when told to', async () => {
    const stop = new AbortController();
    const { client } = clientOf(await nodesWith(() => stop.abort(new Error('shutting down'))), { signal: stop.signal });
    await expect(client.genesis()).rejects.toThrow('shutting down');
  });
});

describe('malformed answers', () => {
  it('are refused with the place and the reason', async () => {
    const cases: [unknown, RegExp][] = [
      [null, /answer is not an object/],
      [{}, /answer is not complete: data is missing/],
      [{ data: [] }, /answer\.data is not an object/],
      [{ data: { genesis_time: 17 } }, /answer\.data\.genesis_time is not a uint64/],
      [{ data: { genesis_time: '-1' } }, /genesis_time is not a uint64/],
      [{ data: { genesis_time: '18446744073709551616' } }, /genesis_time is not a uint64/],
      [{ data: { genesis_time: '18446744073709551615' } }, /number below 2\^53/],
      [
        { data: { genesis_time: '1', genesis_validators_root: '0x12' } },
        /genesis_validators_root is not 32 bytes of hex/,
      ],
    ];
    for (const [answer, reason] of cases) {
      const { client } = clientOf(await nodesWith((_q, r) => json(r, answer)));
      await expect(client.genesis()).rejects.toThrow(reason);
    }
  });

  it('of states and blocks are refused too', async () => {
    const cases: [Handler, RegExp][] = [
      [(_q, r) => octets(r, new Uint8Array(100), 'fulu'), /not a state .*encoding=ssz/],
      [(_q, r) => octets(r, stateBytes, 'phase0'), /fork is not supported/],
      [(_q, r) => octets(r, stateBytes, 'osaka'), /fork is not supported/],
      [
        (_q, r) => r.writeHead(200, { 'content-type': 'application/octet-stream' }).end(stateBytes),
        /without Eth-Consensus-Version/,
      ],
      [(_q, r) => json(r, { version: 'fulu', data: { slot: '1' } }), /not a state .*encoding=json/],
    ];
    for (const [handler, reason] of cases) {
      await expect(clientOf(await nodesWith(handler)).client.state('head')).rejects.toThrow(reason);
    }
    const { client } = clientOf(await nodesWith((_q, r) => octets(r, new Uint8Array(9), 'fulu')));
    await expect(client.block('head')).rejects.toThrow(/not a block/);
  });

  it('of any shape at all give a BeaconError, never another one', async () => {
    const seed = 77;
    console.log(`seed ${seed}`);
    let answer: string | Uint8Array = '';
    const [node] = await nodesWith((_q, r) => r.writeHead(200, { 'content-type': 'application/json' }).end(answer));
    const calls: ((client: BeaconClient) => Promise<unknown>)[] = [
      (c) => c.genesis(),
      (c) => c.spec(),
      (c) => c.forkSchedule(),
      (c) => c.header('head'),
      (c) => c.block('head'),
      (c) => c.state('head'),
      (c) => c.validators('head'),
      (c) => c.validator('head', 1),
      (c) => c.pendingDeposits('head'),
      (c) => c.finalityCheckpoints(),
    ];
    const shape = fc.oneof(
      fc.json(),
      fc.string(),
      fc.uint8Array(),
      fc.jsonValue().map((data) => JSON.stringify({ data, version: 'fulu' })),
    );
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(calls.length - 1), async (body, which) => {
        answer = body;
        const { client } = clientOf([node!]);
        const result: unknown = await calls[which]!(client).catch((error) => error);
        const emptyList = Array.isArray(result) && result.length === 0;
        expect(emptyList || (result instanceof HoldfastError && /^BEACON_/.test(result.code))).toBe(true);
      }),
      { seed, numRuns: 400 },
    );
  });
});

describe('spec()', () => {
  it('names the preset to set when the network has another', async () => {
    const { client } = clientOf(
      await nodesWith((_q, r) => json(r, specJson({ PRESET_BASE: 'mainnet', SLOTS_PER_EPOCH: '32' }))),
    );
    const error = await client.spec().catch((e) => e);
    expect(error).toBeInstanceOf(BeaconPresetError);
    expect(error.message).toMatch(/LODESTAR_PRESET=mainnet/);
    expect(error.message).toMatch(/SLOTS_PER_EPOCH: node 32, here 8/);
  });

  it('notices a preset of the same name with other values', async () => {
    const { client } = clientOf(await nodesWith((_q, r) => json(r, specJson({ EPOCHS_PER_SLASHINGS_VECTOR: '128' }))));
    await expect(client.spec()).rejects.toThrow(/EPOCHS_PER_SLASHINGS_VECTOR: node 128, here 64.*overrides/);
  });

  it('does without defaults for what the arithmetic needs', async () => {
    const { client } = clientOf(await nodesWith((_q, r) => json(r, specJson({ SHARD_COMMITTEE_PERIOD: 'many' }))));
    await expect(client.spec()).rejects.toThrow(/SHARD_COMMITTEE_PERIOD is not a uint64/);
  });

  it('is asked again after a failure', async () => {
    let broken = true;
    const [node] = await nodesWith((q, r, b) => (broken ? json(r, {}, 400) : honest(q, r, b)));
    const { client } = clientOf([node!]);
    await expect(client.spec()).rejects.toThrow(/400/);
    broken = false;
    expect((await client.spec()).presetBase).toBe('minimal');
  });
});
