import { randomBytes } from 'node:crypto';
import {
  type ClusterDefinition,
  type ClusterOperator,
  combineShares,
  type OperatorSignatures,
  type PreviousCluster,
  planCeremony,
  publicKeyOf,
  thresholdScheme,
  verifyLock,
} from '@holdfast/keys';
import { type Hex, type Root, toHex } from '@holdfast/units';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeBeat, encodeBeat } from '../src/ceremony/beat.ts';
import { Courier } from '../src/ceremony/Courier.ts';
import { Gathering } from '../src/ceremony/Gathering.ts';
import {
  type CeremonyEvent,
  type CeremonyOptions,
  createIdentity,
  holdCeremony,
  type NodeIdentity,
  Peers,
  peerIdOf,
} from '../src/index.ts';
import { freePorts } from './ports.ts';

const hex = (byte: string, bytes: number): Hex => `0x${byte.repeat(bytes)}`;
const root = (): Root => toHex(randomBytes(32)) as Root;
const publicOf = ({ privateKey }: NodeIdentity): Hex => toHex(privateKey.publicKey.raw);
/** The operators' own signatures are the caller's matter; here anybody's count. */
const SIGNED = (nodes: number): OperatorSignatures[] =>
  Array.from({ length: nodes }, () => ({ entry: hex('11', 65), definition: hex('22', 65) }));

interface Seat {
  readonly identity: NodeIdentity;
  readonly operator: ClusterOperator;
}

async function seats(count: number): Promise<Seat[]> {
  const ports = await freePorts(count);
  return Promise.all(
    ports.map(async (port, i) => {
      const identity = await createIdentity();
      const multiaddrs = [`/ip4/127.0.0.1/tcp/${port}`];
      return { identity, operator: { address: hex(`0${i + 1}`, 20), identity: publicOf(identity), multiaddrs } };
    }),
  );
}

function definitionOf(operators: readonly Seat[], threshold: number, previous?: PreviousCluster): ClusterDefinition {
  const before = previous?.lock.definition;
  return {
    name: 'test',
    nonce: root(),
    network: { name: 'devnet', genesisForkVersion: '0x00000001', genesisValidatorsRoot: hex('42', 32) as Root },
    withdrawalCredentials: hex('02', 32),
    feeRecipient: hex('ee', 20),
    threshold,
    validators: 2,
    depositAmounts: ['32000000000'],
    operators: operators.map(({ operator }) => operator),
    generation: before ? before.generation + 1 : 0,
    previousLockHash: (previous?.lock.lockHash ?? hex('00', 32)) as Root,
  };
}

const at = (definition: ClusterDefinition, seat: Seat, more: Partial<CeremonyOptions> = {}): CeremonyOptions => ({
  plan: planCeremony(definition),
  operatorSignatures: SIGNED(definition.operators.length),
  identity: seat.identity,
  listen: seat.operator.multiaddrs,
  roundMs: 2_000,
  patienceMs: 20_000,
  random: randomBytes,
  ...more,
});

const open: Peers[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((peers) => peers.close()));
});

describe('a ceremony over real links', () => {
  it('gives four nodes one lock, and each the shares that it names; re-dealt, the key stays', async () => {
    const all = await seats(5);
    const first = all.slice(0, 4);
    const definition = definitionOf(first, 3);
    const outcomes = await Promise.all(first.map((seat) => holdCeremony(at(definition, seat))));
    expect(new Set(outcomes.map(({ lock }) => JSON.stringify(lock))).size).toBe(1);
    const verified = await verifyLock(outcomes[0]!.lock, () => true);
    expect(verified.absent).toEqual([]);
    for (const { index, shares, faults, lock, bytesSent, bytesReceived } of outcomes) {
      expect(faults).toEqual([]);
      expect(shares.map((share) => publicKeyOf(share))).toEqual(
        lock.validators.map(({ sharePubkeys }) => sharePubkeys[index! - 1]),
      );
      expect(Math.min(bytesSent, bytesReceived)).toBeGreaterThan(1000);
    }

    // Node 2 goes, node 5 comes.
    const next = [first[0]!, all[4]!, first[2]!, first[3]!];
    const successor = definitionOf(next, 3, verified);
    const plan = planCeremony(successor, verified);
    const redealt = await Promise.all(
      all.map((seat, i) => {
        const oldShares = outcomes[i]?.shares;
        return holdCeremony({ ...at(definition, seat), plan, ...(oldShares ? { oldShares } : {}) });
      }),
    );
    const { lock } = redealt[0]!;
    expect(lock.validators.map(({ pubkey }) => pubkey)).toEqual(verified.lock.validators.map(({ pubkey }) => pubkey));
    await verifyLock(lock, () => true);
    expect(redealt[1]).toMatchObject({ index: undefined, shares: [] });
    const whole = combineShares(
      thresholdScheme(3, 4),
      new Map([redealt[0]!, redealt[4]!, redealt[3]!].map(({ index, shares }) => [index!, shares[0]!])),
    );
    expect(publicKeyOf(whole)).toBe(lock.validators[0]!.pubkey);
  });

  it('goes on without a node that never comes, and names it', async () => {
    const four = await seats(4);
    const definition = definitionOf(four, 3);
    const outcomes = await Promise.all(
      four.slice(0, 3).map((seat) => holdCeremony(at(definition, seat, { patienceMs: 1_500, roundMs: 1_500 }))),
    );
    for (const { faults, qualified } of outcomes) {
      expect(faults).toEqual([{ party: 4, reason: 'silent', excluded: true }]);
      expect(qualified).toEqual([1, 2, 3]);
    }
    expect((await verifyLock(outcomes[1]!.lock, () => true)).absent).toEqual([4]);
  });

  it('goes on without a node that talks and deals garbage, and names it', async () => {
    const four = await seats(4);
    const definition = definitionOf(four, 3);
    const liar = four[3]!;
    const plan = planCeremony(definition);
    const peers = await Peers.start({
      identity: liar.identity,
      members: four.map(({ operator }) => ({ peerId: peerIdOf(operator.identity), addresses: operator.multiaddrs })),
      lockHash: `ceremony/${toHex(plan.id)}`,
      listen: liar.operator.multiaddrs,
      onMessage: () => undefined,
    });
    open.push(peers);
    const beat = encodeBeat({ wantsStart: true, isDone: false, roundMs: 1_500, received: 0 });
    const parcel = Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4);
    const timer = setInterval(() => {
      peers.broadcast(1, beat);
      peers.broadcast(2, parcel);
    }, 100);
    const outcomes = await Promise.all(
      four.slice(0, 3).map((seat) => holdCeremony(at(definition, seat, { roundMs: 1_500 }))),
    );
    clearInterval(timer);
    for (const { faults, qualified } of outcomes) {
      expect(faults).toContainEqual({ party: 4, reason: 'malformed', excluded: false });
      expect(faults).toContainEqual({ party: 4, reason: 'silent', excluded: true });
      expect(qualified).toEqual([1, 2, 3]);
    }
  });

  it('gives up when too few come, names who is missing, and has begun nothing', async () => {
    const four = await seats(4);
    const definition = definitionOf(four, 3);
    const begun: string[] = [];
    const waits: CeremonyEvent[] = [];
    const options = { patienceMs: 600, onBegin: () => begun.push('begun') };
    const failed = await Promise.allSettled([
      holdCeremony(at(definition, four[0]!, { ...options, onProgress: (event) => waits.push(event) })),
      holdCeremony(at(definition, four[1]!, options)),
    ]);
    for (const result of failed) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'NODE_TOO_FEW_CAME', data: { needed: 3 } } });
    }
    const missing = [four[2]!, four[3]!].map(({ identity }, i) => ({ party: 3 + i, peerId: identity.peerId }));
    expect(failed[0]).toMatchObject({ reason: { data: { absent: missing } } });
    expect(begun).toEqual([]);
    expect(waits).toContainEqual({ kind: 'waiting', present: [2], absent: [3, 4] });
  });

  it('stops at once when it is asked to, and refuses an identity that has no seat', async () => {
    const four = await seats(4);
    const definition = definitionOf(four, 3);
    const stop = new AbortController();
    const waiting = holdCeremony(at(definition, four[0]!, { signal: stop.signal }));
    setTimeout(() => stop.abort(new Error('enough')), 200);
    await expect(waiting).rejects.toThrow('enough');
    const stranger = { ...four[0]!, identity: await createIdentity() };
    await expect(holdCeremony(at(definition, stranger))).rejects.toMatchObject({ code: 'NODE_NOT_A_MEMBER' });
  });

  it('makes a cluster of one alone', async () => {
    const [one] = await seats(1);
    const { lock, shares } = await holdCeremony(at(definitionOf([one!], 1), one!));
    expect(publicKeyOf(shares[0]!)).toBe(lock.validators[0]!.pubkey);
  });
});

describe('the courier', () => {
  /** Two couriers; `lossy` decides about each parcel. */
  function couple(lossy: (parcel: number) => 'lost' | 'refused' | 'sent') {
    const time = { ms: 0 };
    let count = 0;
    const got: string[] = [];
    const ends = [1, 2].map(
      (party) =>
        new Courier({
          parties: [3 - party],
          nowMs: () => time.ms,
          waitingMax: 2,
          transmit: (to, parcel) => {
            const fate = lossy(count++);
            if (fate === 'sent') ends[to - 1]!.receive(party, parcel);
            return fate !== 'refused';
          },
        }),
    ) as [Courier, Courier];
    const beat = (): void => ends[0].acknowledged(2, ends[1].received(1));
    const listen = () => ends[1].subscribe((_, bytes) => got.push(Buffer.from(bytes).toString()));
    return { ends, got, time, beat, listen };
  }
  const words = Array.from({ length: 40 }, (_, i) => `word ${i}`);

  it.each([
    ['loses every third', (n: number) => (n % 3 === 0 ? 'lost' : 'sent')],
    ['refuses every second', (n: number) => (n % 2 === 0 ? 'refused' : 'sent')],
  ] as const)('brings each word once and in order over a line that %s', (_, lossy) => {
    const { ends, got, time, beat, listen } = couple(lossy);
    listen();
    for (const word of words) ends[0].send(2, Buffer.from(word));
    for (let i = 0; i < 200 && !ends[0].isDelivered(2); i += 1) {
      time.ms += 6_000;
      beat();
    }
    expect(got).toEqual(words);
    expect(ends[0].isDelivered(2)).toBe(true);
  });

  it('sends again what was under way when the line broke, without waiting', () => {
    let broken = true;
    const { ends, got, beat, listen } = couple(() => (broken ? 'lost' : 'sent'));
    listen();
    for (const word of words) ends[0].send(2, Buffer.from(word));
    expect(got).toEqual([]);
    broken = false;
    ends[0].lineUp(2);
    beat();
    expect(got).toEqual(words);
  });

  it('keeps few words for one who has not begun, and hands them over first', () => {
    const { ends, got, beat, listen, time } = couple(() => 'sent');
    for (const word of words) ends[0].send(2, Buffer.from(word));
    expect(ends[1].received(1)).toBe(2);
    listen();
    expect(got).toEqual(words.slice(0, 2));
    beat();
    time.ms += 6_000;
    beat();
    expect(got).toEqual(words);
  });

  it('is not confused by acknowledgements that lie, nor by parcels that are none', () => {
    const { ends, got, listen } = couple(() => 'sent');
    listen();
    ends[0].acknowledged(2, 2 ** 31);
    ends[0].send(2, Buffer.from('a'));
    ends[0].acknowledged(2, 2 ** 31);
    ends[0].acknowledged(2, 0);
    ends[0].send(2, Buffer.from('b'));
    expect(got).toEqual(['a', 'b']);
    expect(() => ends[1].receive(1, Uint8Array.of(1))).toThrow('parcel');
    expect(() => decodeBeat(Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 0))).toThrow('beat');
  });
});

describe('when to begin', () => {
  const beat = (wantsStart: boolean) => ({ wantsStart, isDone: false, roundMs: 1, received: 0 });
  const four = () => new Gathering({ self: 1, parties: 4, faults: 1, patienceEndsMs: 1_000 });

  it('is when all are here', () => {
    const gathering = four();
    for (const party of [2, 3]) gathering.heard(party, beat(false), 0);
    expect(gathering.wantsStart(0)).toBe(false);
    gathering.heard(4, beat(false), 0);
    expect(gathering.wantsStart(0)).toBe(true);
    expect(gathering.isStarting).toBe(false);
    gathering.heard(2, beat(true), 0);
    expect(gathering.isStarting).toBe(false);
    gathering.heard(3, beat(true), 0);
    expect(gathering.isStarting).toBe(true);
  });

  it('is not decided by one liar, and held up by none', () => {
    const gathering = four();
    gathering.heard(4, beat(true), 0);
    expect(gathering.wantsStart(0)).toBe(false);
    // f + 1 want to: one of them is honest.
    gathering.heard(3, beat(true), 0);
    expect(gathering.wantsStart(0)).toBe(true);
    expect(gathering.isStarting).toBe(true);
    const patient = four();
    patient.heard(2, beat(true), 900);
    expect(patient.wantsStart(999)).toBe(false);
    expect(patient.wantsStart(1_000)).toBe(true);
    expect(patient.isStarting).toBe(false);
  });

  it('forgets who went away again', () => {
    const gathering = four();
    for (const party of [2, 3, 4]) gathering.heard(party, beat(false), 0);
    expect(gathering.absent(2_999)).toEqual([]);
    expect(gathering.absent(3_000)).toEqual([2, 3, 4]);
  });
});
