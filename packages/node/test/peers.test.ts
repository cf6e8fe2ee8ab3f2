import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createIdentity, NotAMemberError, Peers, type PeersOptions, type TwinError } from '../src/index.ts';
import { encodeFrame, FrameReader } from '../src/net/frames.ts';
import type { Hearing } from '../src/net/hearing.ts';
import { freePorts } from './ports.ts';
import { Wire } from './wire.ts';

const running: Peers[] = [];
const wires: Wire[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((peers) => peers.close()));
  for (const wire of wires.splice(0)) wire.close();
});

type Heard = { to: number; from: string; channel: number; text: string };

async function cluster(n: number) {
  const identities = await Promise.all(Array.from({ length: n }, createIdentity));
  const ports = await freePorts(n);
  const members = identities.map(({ peerId }, at) => ({ peerId, addresses: [`/ip4/127.0.0.1/tcp/${ports[at]}`] }));
  const heard: Heard[] = [];
  const twins: TwinError[] = [];
  const start = async (at: number, overrides: Partial<PeersOptions> = {}): Promise<Peers> => {
    const peers = await Peers.start({
      identity: identities[at]!,
      members,
      lockHash: '0xab',
      listen: [`/ip4/127.0.0.1/tcp/${ports[at]}`],
      redialMs: 50,
      onMessage: (from, channel, payload) =>
        heard.push({ to: at, from, channel, text: Buffer.from(payload).toString() }),
      onTwin: (error) => twins.push(error),
      ...overrides,
    });
    running.push(peers);
    return peers;
  };
  return { identities, members, heard, twins, start };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await sleep(10);
  }
}

describe('links between the nodes of a cluster', () => {
  it('carries messages between all, and takes a node back after a restart', async () => {
    const { identities, heard, start } = await cluster(4);
    const nodes = await Promise.all([0, 1, 2, 3].map((at) => start(at)));
    await until(() => nodes.every((node) => node.connected.length === 3), 'a full mesh');
    nodes[0]!.broadcast(7, Buffer.from('hello'));
    await until(() => heard.length === 3, 'everybody hears');
    expect(
      heard.every(({ from, channel, text }) => from === identities[0]!.peerId && channel === 7 && text === 'hello'),
    ).toBe(true);

    await nodes[3]!.close();
    await until(() => nodes[0]!.connected.length === 2, 'the loss is seen');
    expect(nodes[0]!.send(identities[3]!.peerId, 7, Buffer.from('lost'))).toBe(false);
    const again = await start(3);
    await until(
      () => nodes.slice(0, 3).every((node) => node.connected.length === 3) && again.connected.length === 3,
      'back',
    );
    const before = heard.length;
    again.broadcast(8, Buffer.from('back'));
    await until(() => heard.length === before + 3, 'its voice is heard');
  });

  it('lets nobody in whom the lock does not name, and nobody of another cluster', async () => {
    const { members, start } = await cluster(2);
    const node = await start(0);
    const stranger = await createIdentity();
    await expect(
      Peers.start({ identity: stranger, members, lockHash: '0xab', listen: [], onMessage: () => undefined }),
    ).rejects.toThrow(NotAMemberError);
    const intruder = await Peers.start({
      identity: stranger,
      members: [...members, { peerId: stranger.peerId, addresses: [] }],
      lockHash: '0xab',
      listen: [],
      redialMs: 50,
      onMessage: () => undefined,
    });
    running.push(intruder);
    const otherLock = await start(1, { lockHash: '0xcd' });
    await sleep(700);
    expect(intruder.connected).toEqual([]);
    expect(otherLock.connected).toEqual([]);
    expect(node.connected).toEqual([]);
  });

  it('drops a peer that floods or announces too much, and goes on with the others', async () => {
    const { identities, heard, start } = await cluster(3);
    const limits = { messageRate: 10, messageBurst: 50, maxFrameBytes: 1000 };
    const node = await start(0, { limits });
    const [loud, quiet] = [await start(1), await start(2)];
    await until(() => loud.connected.length === 2 && quiet.connected.length === 2, 'mesh');
    for (let i = 0; i < 500; i += 1) loud.send(identities[0]!.peerId, 1, Buffer.from('x'));
    await until(() => node.counters(identities[1]!.peerId).offences > 0, 'an offence');
    quiet.send(identities[0]!.peerId, 1, Buffer.alloc(5000));
    await until(() => node.counters(identities[2]!.peerId).offences > 0, 'another');
    await until(() => quiet.connected.includes(identities[0]!.peerId), 'the link is mended');
    await until(() => {
      quiet.send(identities[0]!.peerId, 2, Buffer.from('small'));
      return heard.some(({ to, text }) => to === 0 && text === 'small');
    }, 'what is allowed arrives');
  });

  it('tells two machines with one identity, when more than f peers hear both', async () => {
    const { twins, start, identities } = await cluster(4);
    const nodes = await Promise.all([0, 1, 2, 3].map((at) => start(at)));
    await until(() => nodes.every((node) => node.connected.length === 3), 'mesh');
    const second = await start(3, { listen: ['/ip4/127.0.0.1/tcp/0'] });
    await until(() => twins.length >= 2, 'both are told');
    expect(twins[0]!.message).toContain(identities[3]!.peerId);
    expect(second.connected.length).toBeLessThanOrEqual(3);
  }, 30_000);
});

/** Two nodes that reach each other through wires, and what they were told of each other. */
async function wired(overrides: Partial<PeersOptions> = {}) {
  const { identities, start } = await cluster(2);
  const listening = await freePorts(2);
  const between = await Promise.all(listening.map((port) => Wire.to(port)));
  wires.push(...between);
  const members = identities.map(({ peerId }, at) => ({
    peerId,
    addresses: [`/ip4/127.0.0.1/tcp/${between[at]!.port}`],
  }));
  const told: boolean[][] = [[], []];
  const limits = { ...QUICK, ...overrides.limits };
  const nodes = await Promise.all(
    [0, 1].map((at) =>
      start(at, {
        members,
        listen: [`/ip4/127.0.0.1/tcp/${listening[at]}`],
        onPeer: (_peer, up) => told[at]!.push(up),
        ...overrides,
        limits,
      }),
    ),
  );
  await until(() => nodes.every((node) => node.connected.length === 1), 'both hear each other');
  return { nodes, identities, wires: between, told };
}

/** Away after 200 ms of silence. */
const QUICK = { heartbeatMs: 40, awayBeats: 5, hangUpBeats: Number.POSITIVE_INFINITY };

/** This process stands still, from within a timer: the other timers that are due come before what was received. */
const stall = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      resolve();
    }, 0);
  });

describe('a peer that is silent', () => {
  it('is away though its link be open, and back when it is heard again; each is told once', async () => {
    const { nodes, wires, told } = await wired();
    for (const wire of wires) wire.hold();
    await until(() => nodes.every((node) => node.connected.length === 0), 'the silence is noticed');
    await sleep(400);
    for (const wire of wires) wire.release();
    await until(() => nodes.every((node) => node.connected.length === 1), 'the voice is');
    await sleep(400);
    expect(told).toEqual([
      [true, false, true],
      [true, false, true],
    ]);
  });

  it('passes for present where nobody listens', async () => {
    const deaf = (): Hearing => ({ heard: () => undefined, beat: () => undefined, silence: 0 });
    const { nodes, wires } = await wired({ hearing: deaf });
    for (const wire of wires) wire.hold();
    await sleep(600);
    expect(nodes.map((node) => node.connected.length)).toEqual([1, 1]);
  });

  it('is not one because we stood still ourselves; by the clock it would be', async () => {
    const { told } = await wired();
    for (let i = 0; i < 3; i += 1) {
      await stall(500);
      await sleep(60);
    }
    expect(told).toEqual([[true], [true]]);

    const byClock = (): Hearing => {
      let heardMs = Number.NEGATIVE_INFINITY;
      return {
        heard: () => {
          heardMs = performance.now();
        },
        beat: () => undefined,
        get silence() {
          return Math.floor((performance.now() - heardMs) / QUICK.heartbeatMs);
        },
      };
    };
    const rash = await wired({ hearing: byClock });
    await stall(500);
    await until(() => rash.told.flat().includes(false), 'everybody is taken for dead');
  });

  it('is dialled anew when the connection carries nothing any more', async () => {
    const { nodes, wires, told } = await wired({ limits: { ...QUICK, hangUpBeats: 10 } });
    for (const wire of wires) wire.lose();
    await until(() => told.every((each) => each.includes(false)), 'the silence is noticed');
    await until(() => nodes.every((node) => node.connected.length === 1), 'new connections');

    const patient = await wired();
    for (const wire of patient.wires) wire.lose();
    await sleep(1500);
    expect(patient.nodes.map((node) => node.connected.length)).toEqual([0, 0]);
  });
});

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 })), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }),
        (frames, cuts) => {
          const wire = Buffer.concat(frames.map(([channel, payload]) => encodeFrame(channel, payload)));
          const reader = new FrameReader(1000);
          const out: [number, Uint8Array][] = [];
          for (let at = 0, turn = 0; at < wire.length; turn += 1) {
            const size = cuts[turn % cuts.length]!;
            for (const { channel, payload } of reader.read(wire.subarray(at, at + size))) out.push([channel, payload]);
            at += size;
          }
          expect(out.map(([channel, payload]) => [channel, Buffer.from(payload).toString('hex')])).toEqual(
            frames.map(([channel, payload]) => [channel, Buffer.from(payload).toString('hex')]),
          );
          expect(reader.midFrame).toBe(false);
        },
      ),
      { seed: 4 },
    );
  });

  it('hold no more than came, and refuse a length beyond the limit', () => {
    const reader = new FrameReader(1000);
    expect(() => [...reader.read(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 1))]).toThrow('length');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const fresh = new FrameReader(100);
        try {
          for (const { payload } of fresh.read(noise)) expect(payload.length).toBeLessThan(100);
        } catch (error) {
          expect((error as { code?: string }).code).toBe('NODE_BAD_FRAME');
        }
      }),
      { seed: 5 },
    );
  });
});
