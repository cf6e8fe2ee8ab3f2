import {
  type CeremonyConfig,
  type CeremonyPlan,
  type CeremonyResult,
  ed25519Identity,
  messageBytesMax,
  type OperatorSignatures,
  type Party,
  type RandomBytes,
  runCeremony,
  type Scalar,
  type Stage,
} from '@holdfast/keys';
import type { Hex } from '@holdfast/units';
import { toHex } from '@holdfast/units';
import type { Clock } from '../clock.ts';
import { GatheringError, NotAMemberError } from '../errors.ts';
import { type NodeIdentity, peerIdOf } from '../net/identity.ts';
import { Peers } from '../net/peers.ts';
import { decodeBeat, encodeBeat } from './beat.ts';
import { Courier } from './Courier.ts';
import { steadyClock } from './clock.ts';
import { Gathering } from './Gathering.ts';

export interface CeremonyOptions {
  readonly plan: CeremonyPlan;
  /** Verified (`verifyOperators`). */
  readonly operatorSignatures: readonly OperatorSignatures[];
  readonly identity: NodeIdentity;
  /** This node's shares of the cluster that is re-dealt; the caller erases them. Only in a resharing. */
  readonly oldShares?: readonly Scalar[];
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Where nodes are, when not where definition and old lock say: by identity (32 bytes in hex). */
  readonly addresses?: ReadonlyMap<Hex, readonly string[]>;
  /** How long a round may take, milliseconds; the same at all nodes. Default: `defaultRoundMs`. */
  readonly roundMs?: number;
  /** How long to wait for the last nodes, milliseconds. After twice that, if too few are here, it is given up. */
  readonly patienceMs: number;
  readonly random: RandomBytes;
  /** Called when all is agreed and nothing has been dealt yet: after it, this definition is used up. */
  readonly onBegin?: () => void;
  readonly onProgress?: (event: CeremonyEvent) => void;
  readonly signal?: AbortSignal;
  /** Must not go back. Default: the machine's monotonic clock. */
  readonly clock?: Clock;
}

export type CeremonyEvent =
  | { readonly kind: 'waiting'; readonly present: readonly Party[]; readonly absent: readonly Party[] }
  /** A party's rounds are of another length: one of the two will think the other silent. */
  | { readonly kind: 'otherRounds'; readonly party: Party; readonly roundMs: number }
  | { readonly kind: 'begun'; readonly present: readonly Party[]; readonly absent: readonly Party[] }
  | { readonly kind: 'stage'; readonly stage: Stage; readonly round: number; readonly rounds: number };

export interface CeremonyOutcome extends CeremonyResult {
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

const BEAT = 1;
const PARCEL = 2;
const BEAT_MS = 200;
/** Parcels of one party that are kept before this node has begun: an honest one says less. */
const WAITING_MAX = 32;

/** Ten seconds for lines and starts, and a multiple of the work of a round (see `RunOptions.roundMs`). */
export const defaultRoundMs = ({ definition, dealers }: CeremonyPlan): number =>
  10_000 + 20 * definition.validators * dealers.size;

/**
 * Holds a key generation or a resharing with the other nodes over libp2p: waits for them, begins together, and ends with
 * a lock and this node's shares, or with an error that names who was at fault. It never hangs: the wait ends by patience,
 * the ceremony after `plan.rounds` rounds.
 *
 * It cannot be resumed. A node that falls out is named silent, and the others go on without it while enough are left; to
 * deal again under one definition would make an honest node look like one that deals twice. So a node that fell out
 * after `onBegin` needs a new definition (a new nonce), or, when the others have finished, a resharing.
 *
 * @throws GatheringError, NotAMemberError, TwinError, ThresholdError
 */
export async function holdCeremony(options: CeremonyOptions): Promise<CeremonyOutcome> {
  const { plan, identity } = options;
  const publicKey = toHex(identity.privateKey.publicKey.raw);
  const self = plan.identities.indexOf(publicKey) + 1;
  if (self === 0) throw new NotAMemberError(identity.peerId);
  if (plan.identities.length === 1) return holdAlone(options);
  const meeting = new Meeting(options, self);
  try {
    await meeting.open();
    return await meeting.hold();
  } finally {
    await meeting.close();
  }
}

async function holdAlone(options: CeremonyOptions): Promise<CeremonyOutcome> {
  options.onBegin?.();
  const nothing = (): (() => void) => () => undefined;
  const ports = { send: nothing, subscribe: nothing, after: nothing };
  const result = await runCeremony(configOf(options), ports, { roundMs: 1000, ...stopOf(options) });
  return { ...result, bytesSent: 0, bytesReceived: 0 };
}

class Meeting {
  readonly #options: CeremonyOptions;
  readonly #self: Party;
  readonly #clock: Clock;
  readonly #roundMs: number;
  readonly #peerIds: readonly string[];
  readonly #courier: Courier;
  readonly #gathering: Gathering;
  readonly #done = new Set<Party>();
  readonly #otherRounds = new Set<Party>();
  readonly #givesUpMs: number;
  /** Fires when the meeting cannot go on: two of us, or asked to stop. */
  readonly #broken = new AbortController();
  #peers: Peers | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDone = false;
  #wake: () => void = () => undefined;

  constructor(options: CeremonyOptions, self: Party) {
    const { plan, patienceMs } = options;
    this.#options = options;
    this.#self = self;
    this.#clock = options.clock ?? steadyClock;
    this.#roundMs = options.roundMs ?? defaultRoundMs(plan);
    this.#peerIds = plan.identities.map(peerIdOf);
    const now = this.#clock.nowMs();
    this.#givesUpMs = now + 2 * patienceMs;
    this.#gathering = new Gathering({
      self,
      parties: plan.identities.length,
      faults: plan.faults,
      patienceEndsMs: now + patienceMs,
    });
    this.#courier = new Courier({
      parties: this.#others,
      transmit: (to, parcel) => this.#peers?.send(this.#peerIds[to - 1]!, PARCEL, parcel) ?? false,
      nowMs: () => this.#clock.nowMs(),
      waitingMax: WAITING_MAX,
    });
  }

  async open(): Promise<void> {
    const { plan, identity, listen, signal } = this.#options;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => this.#break(signal.reason), { once: true });
    this.#peers = await Peers.start({
      identity,
      members: plan.identities.map((each, i) => ({ peerId: this.#peerIds[i]!, addresses: this.#addressesOf(each) })),
      lockHash: `ceremony/${toHex(plan.id)}`,
      listen,
      limits: { maxFrameBytes: messageBytesMax(plan.limits) + 64 },
      onMessage: (from, channel, payload) => this.#receive(from, channel, payload),
      onPeer: (peerId, up) => {
        if (up) this.#courier.lineUp(this.#peerIds.indexOf(peerId) + 1);
      },
      onTwin: (error) => this.#break(error),
    });
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#beat();
  }

  async hold(): Promise<CeremonyOutcome> {
    await this.#gather();
    const { plan, onBegin, onProgress } = this.#options;
    const now = this.#clock.nowMs();
    onBegin?.();
    onProgress?.({ kind: 'begun', present: this.#gathering.present(now), absent: this.#gathering.absent(now) });
    const ports = {
      send: (to: Party, bytes: Uint8Array) => this.#courier.send(to, bytes),
      subscribe: (take: (from: Party, bytes: Uint8Array) => void) => this.#courier.subscribe(take),
      after: (delayMs: number, ring: () => void) => this.#clock.alarm(this.#clock.nowMs() + delayMs, ring),
    };
    try {
      const result = await runCeremony(configOf(this.#options), ports, {
        roundMs: this.#roundMs,
        onStage: (stage, round) => onProgress?.({ kind: 'stage', stage, round, rounds: plan.rounds }),
        signal: this.#broken.signal,
      });
      const sum = (of: 'bytesSent' | 'bytesReceived'): number =>
        this.#others.reduce((total, party) => total + this.#peers!.counters(this.#peerIds[party - 1]!)[of], 0);
      return { ...result, bytesSent: sum('bytesSent'), bytesReceived: sum('bytesReceived') };
    } catch (error) {
      throw this.#broken.signal.aborted ? this.#broken.signal.reason : error;
    } finally {
      if (!this.#broken.signal.aborted) await this.#linger();
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#courier.close();
    await this.#peers?.close();
  }

  /** Until it is time to begin. @throws GatheringError when too few came */
  async #gather(): Promise<void> {
    const { plan, onProgress } = this.#options;
    let told = '';
    for (;;) {
      this.#broken.signal.throwIfAborted();
      const now = this.#clock.nowMs();
      const [present, absent] = [this.#gathering.present(now), this.#gathering.absent(now)];
      if (told !== present.join()) onProgress?.({ kind: 'waiting', present, absent });
      told = present.join();
      const wanted = this.#gathering.wantsStart(now);
      if (this.#gathering.isStarting) {
        this.#beat();
        return;
      }
      if (now >= this.#givesUpMs) {
        throw new GatheringError(
          absent.map((party) => ({ party, peerId: this.#peerIds[party - 1]! })),
          plan.identities.length - plan.faults,
        );
      }
      if (wanted) this.#beat();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The others may still need what is under way to them. */
  async #linger(): Promise<void> {
    this.#isDone = true;
    this.#beat();
    const until = this.#clock.nowMs() + this.#roundMs;
    const needsUs = (party: Party): boolean => !this.#done.has(party) || !this.#courier.isDelivered(party);
    while (this.#clock.nowMs() < until && this.#gathering.present(this.#clock.nowMs()).some(needsUs)) {
      if (this.#broken.signal.aborted) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#beat();
  }

  #receive(from: string, channel: number, payload: Uint8Array): void {
    const party = this.#peerIds.indexOf(from) + 1;
    if (channel === PARCEL) this.#courier.receive(party, payload);
    if (channel !== BEAT) return;
    const beat = decodeBeat(payload);
    this.#gathering.heard(party, beat, this.#clock.nowMs());
    if (beat.isDone) this.#done.add(party);
    if (beat.roundMs !== this.#roundMs && !this.#otherRounds.has(party)) {
      this.#otherRounds.add(party);
      this.#options.onProgress?.({ kind: 'otherRounds', party, roundMs: beat.roundMs });
    }
    this.#courier.acknowledged(party, beat.received);
    this.#wake();
  }

  #beat(): void {
    const wantsStart = this.#gathering.wantsStart(this.#clock.nowMs());
    for (const party of this.#others) {
      const received = this.#courier.received(party);
      const beat = encodeBeat({ wantsStart, isDone: this.#isDone, roundMs: this.#roundMs, received });
      this.#peers?.send(this.#peerIds[party - 1]!, BEAT, beat);
    }
    this.#wake();
  }

  #break(reason: unknown): void {
    this.#broken.abort(reason);
    this.#wake();
  }

  get #others(): Party[] {
    return this.#options.plan.identities.map((_, i) => i + 1).filter((party) => party !== this.#self);
  }

  #addressesOf(identity: Hex): readonly string[] {
    const { plan, addresses } = this.#options;
    const known = [...plan.definition.operators, ...(plan.previous?.lock.definition.operators ?? [])];
    return addresses?.get(identity) ?? known.find((operator) => operator.identity === identity)?.multiaddrs ?? [];
  }
}

function configOf({ plan, operatorSignatures, identity, random, oldShares }: CeremonyOptions): CeremonyConfig {
  // libp2p's raw private key is the seed and then the public key.
  const seed = identity.privateKey.raw.slice(0, 32);
  const config = { plan, operatorSignatures, identity: ed25519Identity(seed), random };
  seed.fill(0);
  return oldShares ? { ...config, oldShares } : config;
}

const stopOf = ({ signal }: CeremonyOptions): { signal?: AbortSignal } => (signal ? { signal } : {});
