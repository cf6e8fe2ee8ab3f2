import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { createIdentity, Peers } from '../src/index.ts';
import { grantSeldom } from '../src/net/window.ts';
import { freePorts } from './ports.ts';

/** Two nodes in this process, and how often something was written to a socket. */
async function pair() {
  const identities = await Promise.all([createIdentity(), createIdentity()]);
  const ports = await freePorts(2);
  const members = identities.map(({ peerId }, at) => ({ peerId, addresses: [`/ip4/127.0.0.1/tcp/${ports[at]}`] }));
  const heard: Uint8Array[] = [];
  const [a, b] = await Promise.all(
    members.map(({ addresses }, at) =>
      Peers.start({
        identity: identities[at]!,
        members,
        lockHash: '0xab',
        listen: addresses,
        // No heartbeat comes between.
        limits: { heartbeatMs: 60_000 },
        onMessage: (_from, _channel, payload) => heard.push(payload),
      }),
    ),
  );
  await vi.waitFor(() => expect([a!.connected.length, b!.connected.length]).toEqual([1, 1]), { timeout: 10_000 });
  await sleep(50);
  return { a: a!, b: b!, to: members[1]!.peerId, heard };
}

it('a message is one packet, and is answered by none', async () => {
  const { a, b, to, heard } = await pair();
  const writes = vi.spyOn(Socket.prototype, 'write');
  try {
    for (let at = 0; at < 50; at += 1) {
      a.send(to, 1, new Uint8Array(300).fill(at));
      await vi.waitFor(() => expect(heard).toHaveLength(at + 1), { interval: 1 });
    }
    expect(writes.mock.calls.length).toBe(50);
    // All of one turn are one packet, too, in their order.
    for (let at = 50; at < 60; at += 1) a.send(to, 1, new Uint8Array(300).fill(at));
    await vi.waitFor(() => expect(heard).toHaveLength(60), { interval: 1 });
    expect(writes.mock.calls.length).toBe(51);
    expect(heard.map((payload) => payload[0])).toEqual(Array.from({ length: 60 }, (_, at) => at));
  } finally {
    writes.mockRestore();
    await Promise.all([a.close(), b.close()]);
  }
});

it('what is larger than any window gets through', async () => {
  const { a, b, to, heard } = await pair();
  const block = Uint8Array.from({ length: 9 * 2 ** 20 }, (_, at) => at % 251);
  a.send(to, 1, block);
  await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 20_000 });
  expect(Buffer.compare(heard[0]!, block)).toBe(0);
  await Promise.all([a.close(), b.close()]);
});

it('the first word about a window is let through, the next when half of it is used up', () => {
  const granted: number[] = [];
  const stream = {
    recvWindow: 100,
    recvWindowCapacity: 99,
    sendWindowUpdate() {
      granted.push(stream.recvWindowCapacity);
      stream.recvWindowCapacity = stream.recvWindow;
    },
  };
  const wrapped = grantSeldom(stream as never) as never as typeof stream;
  for (let read = 0; read < 21; read += 1) {
    wrapped.recvWindowCapacity -= 10;
    wrapped.sendWindowUpdate();
  }
  expect(granted).toEqual([89, 50, 50, 50, 50]);
});
