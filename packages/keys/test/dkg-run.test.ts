import { describe, expect, it } from 'vitest';
import { ed25519Identity, peerIdOf, verifyIdentity } from '../src/dkg/identity.ts';
import { planCeremony } from '../src/dkg/plan.ts';
import { type CeremonyPorts, runCeremony } from '../src/dkg/run.ts';
import { membersOf } from './support/ceremony.ts';
import { seededBytes } from './support/random.ts';

/** Lines between parties in one process, and a clock that the test moves. */
class Room {
  #receivers = new Map<number, (from: number, bytes: Uint8Array) => void>();
  #timers: { at: number; callback: () => void }[] = [];
  #now = 0;

  ports(self: number): CeremonyPorts {
    return {
      send: (to, bytes) => queueMicrotask(() => this.#receivers.get(to)?.(self, bytes)),
      subscribe: (receive) => {
        this.#receivers.set(self, receive);
        return () => this.#receivers.delete(self);
      },
      after: (delayMs, callback) => {
        const timer = { at: this.#now + delayMs, callback };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        };
      },
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  get listeners(): number {
    return this.#receivers.size;
  }

  async pass(untilMs: number, stepMs: number): Promise<void> {
    while (this.#now < untilMs) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#now += stepMs;
      for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) {
        this.#timers = this.#timers.filter((each) => each !== timer);
        timer.callback();
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const members = membersOf(['a', 'b', 'c', 'd']);
const plan = planCeremony(members.definition);
const configOf = (party: number) => {
  const identity = members.identities[party - 1]!;
  return { plan, operatorSignatures: members.operatorSignatures, identity, random: seededBytes(`run ${party}`) };
};

describe('a ceremony over a transport', () => {
  it('four nodes end without waiting, and leave nothing behind', async () => {
    const room = new Room();
    const stages: string[] = [];
    const running = [1, 2, 3, 4].map((party) =>
      runCeremony(configOf(party), room.ports(party), {
        roundMs: 1000,
        onStage: (stage) => party === 1 && stages.push(stage),
      }),
    );
    const results = await Promise.all(running);
    expect(new Set(results.map(({ lock }) => lock.lockHash)).size).toBe(1);
    expect(room.timers + room.listeners).toBe(0);
    expect(stages).toEqual(['deal', 'deal', 'complain', 'complain', 'confirm', 'seal']);
  });

  it('one that never comes costs its deadlines, no more', async () => {
    const room = new Room();
    const running = [1, 2, 3].map((party) => runCeremony(configOf(party), room.ports(party), { roundMs: 1000 }));
    await room.pass(1000 * plan.rounds, 500);
    for (const { faults, qualified } of await Promise.all(running)) {
      expect(qualified).toEqual([1, 2, 3]);
      expect(faults).toContainEqual({ party: 4, reason: 'silent', excluded: true });
    }
    expect(room.timers + room.listeners).toBe(0);
  });

  it('alone it fails at its last deadline', async () => {
    const room = new Room();
    const running = runCeremony(configOf(1), room.ports(1), { roundMs: 1000 });
    const failed = expect(running).rejects.toMatchObject({ code: 'THRESHOLD_TOO_FEW_DEALERS' });
    await room.pass(1000 * plan.rounds, 1000);
    await failed;
    expect(room.timers + room.listeners).toBe(0);
  });

  it('can be called off, before and while it runs', async () => {
    const room = new Room();
    const controller = new AbortController();
    const running = runCeremony(configOf(1), room.ports(1), { roundMs: 1000, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'THRESHOLD_ABORTED' });
    const late = runCeremony(configOf(1), room.ports(1), { roundMs: 1000, signal: controller.signal });
    await expect(late).rejects.toMatchObject({ code: 'THRESHOLD_ABORTED' });
    expect(room.timers + room.listeners).toBe(0);
  });

  it('a transport that throws ends it with the reason', async () => {
    const ports = {
      ...new Room().ports(1),
      send: () => {
        throw new Error('no line');
      },
    };
    await expect(runCeremony(configOf(1), ports, { roundMs: 1000 })).rejects.toThrow('no line');
  });
});

describe('identities', () => {
  const identity = ed25519Identity(new Uint8Array(32).fill(7));

  it('sign and are verified', () => {
    const statement = new Uint8Array(32).fill(1);
    const signature = identity.sign(statement);
    expect(verifyIdentity(identity.publicKey, statement, signature)).toBe(true);
    expect(verifyIdentity(identity.publicKey, statement.with(0, 2), signature)).toBe(false);
    expect(verifyIdentity(identity.publicKey, statement, signature.with(5, signature[5]! ^ 1))).toBe(false);
    expect(verifyIdentity(identity.publicKey, statement, new Uint8Array())).toBe(false);
    expect(verifyIdentity('0x1234', statement, signature)).toBe(false);
  });

  it('are RFC 8032 Ed25519, and named as libp2p names them', () => {
    // RFC 8032, 7.1, test 1.
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const { publicKey, sign } = ed25519Identity(seed);
    expect(publicKey).toBe('0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(Buffer.from(sign(new Uint8Array())).toString('hex')).toMatch(/^e5564300c360ac729086e2cc806e828a/);
    expect(peerIdOf(publicKey)).toMatch(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/);
    expect(peerIdOf(`0x${'1e'.repeat(32)}`)).not.toBe(peerIdOf(publicKey));
  });

  it('need a whole seed', () => {
    expect(() => ed25519Identity(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'THRESHOLD_IDENTITY' }));
  });
});
