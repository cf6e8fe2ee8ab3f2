import type { LockContent } from '../lock/types.ts';
import type { ThresholdError } from '../threshold/errors.ts';
import type { ThresholdKey } from '../threshold/key.ts';
import { wipe } from '../threshold/scalar.ts';
import { Broadcast, type Outgoing, type Word } from './broadcast.ts';
import { Dealings } from './dealings.ts';
import { notConfirmed, notSealed, notSigned, tooFewDealers } from './failures.ts';
import { FaultList } from './faults.ts';
import { confirmation, confirmsSame, contentOf, type Settled, sealed, sealPart, transcriptOf } from './finish.ts';
import { type ConfirmMessage, decodeMessage, encodeMessage, type Message, type Party, type Phase } from './messages.ts';
import { keysOf, qualify, sharesOf } from './outcome.ts';
import { placeOf } from './place.ts';
import type { CeremonyPlan } from './plan.ts';
import { firstRoundOf, holdersOf, messagesMaxOf, speakersOf } from './rounds.ts';
import type { CeremonyConfig, CeremonyEffect, CeremonyInput, Stage } from './types.ts';

/**
 * One node's part in a distributed key generation or resharing, as a machine without I/O, clock or randomness of its own:
 * inputs in, effects out (docs/decisions/0014). It ends after at most `plan.rounds` deadlines, in `done` or `failed`.
 *
 * @example
 * const ceremony = new Ceremony({ plan: planCeremony(definition), operatorSignatures, identity, random: randomBytes });
 * for (const effect of ceremony.step({ kind: 'start' })) perform(effect);
 */
export class Ceremony {
  readonly self: Party;
  readonly #config: CeremonyConfig;
  readonly #plan: CeremonyPlan;
  readonly #faults = new FaultList();
  readonly #dealings: Dealings;
  readonly #broadcasts: Readonly<Record<Phase, Broadcast>>;
  readonly #confirms = new Map<Party, ConfirmMessage>();
  readonly #seals = new Map<Party, Uint8Array>();
  readonly #messages = new Map<Party, number>();
  /** Missed a deadline: not waited for any more, though still heard. */
  readonly #late = new Set<Party>();
  #stage: Stage = 'deal';
  #started = false;
  #round = 0;
  #accused: readonly Party[] = [];
  #qualified: readonly Party[] = [];
  #settled: Settled | undefined;
  #content: LockContent | undefined;
  #effects: CeremonyEffect[] = [];

  /**
   * @throws THRESHOLD_PLAN where this node has no place in the ceremony, or lacks what its place needs;
   * THRESHOLD_WRONG_SHARE where an old share is not the one that the previous lock names.
   */
  constructor(config: CeremonyConfig) {
    const { plan, identity, oldShares } = config;
    this.#config = config;
    this.#plan = plan;
    this.self = placeOf(plan, identity.publicKey, oldShares);
    this.#dealings = new Dealings(plan, this.self, this.#faults);
    const broadcast = (phase: Phase): Broadcast =>
      new Broadcast({
        ceremonyId: plan.id,
        phase,
        self: this.self,
        identity,
        identities: plan.identities,
        faults: plan.faults,
      });
    this.#broadcasts = { deal: broadcast('deal'), complain: broadcast('complain'), justify: broadcast('justify') };
  }

  get stage(): Stage {
    return this.#stage;
  }

  step(input: CeremonyInput): CeremonyEffect[] {
    this.#effects = [];
    if (this.#stage === 'over') return [];
    if (input.kind === 'start') this.#start();
    else if (input.kind === 'message') this.#receive(input.from, input.bytes);
    else if (this.#started) this.#expire(input.round);
    while (this.#started && this.#waitingFor().length === 0 && !this.#lacks() && this.#isRunning()) this.#advance();
    return this.#effects;
  }

  /** Gives up: every secret is erased, no further input does anything. */
  abandon(): void {
    if (this.#stage === 'over') return;
    this.#dealings.wipe();
    wipe(...(this.#settled?.shares ?? []));
    this.#stage = 'over';
  }

  #isRunning(): boolean {
    return this.#stage !== 'over';
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#enter('deal', 0);
    const own = this.#dealings.deal(this.#config.random, this.#config.oldShares);
    if (!own) return;
    for (const [i, shares] of own.shares.entries()) {
      if (i + 1 !== this.self) this.#send({ to: i + 1, message: { kind: 'shares', shares } });
    }
    this.#sendAll(this.#broadcasts.deal.say(own.payload));
  }

  #receive(from: Party, bytes: Uint8Array): void {
    if (from === this.self || from < 1 || from > this.#plan.identities.length) return;
    const count = (this.#messages.get(from) ?? 0) + 1;
    this.#messages.set(from, count);
    if (count > messagesMaxOf(this.#plan)) {
      this.#faults.add(from, 'flooded');
      return;
    }
    try {
      this.#handle(from, decodeMessage(bytes, this.#plan.limits));
    } catch {
      this.#faults.add(from, 'malformed');
    }
  }

  #handle(from: Party, message: Message): void {
    switch (message.kind) {
      case 'shares':
        if (this.#stage === 'deal') this.#dealings.receive(from, message.shares);
        else wipe(...message.shares);
        break;
      case 'value':
        this.#broadcasts[message.phase].onValue(message);
        break;
      case 'echo':
        this.#sendAll(this.#broadcasts[message.phase].onEcho(from, message));
        break;
      case 'want':
        this.#sendAll(this.#broadcasts[message.phase].onWant(from, message));
        break;
      case 'confirm':
        if (this.#isHolder(from) && !this.#confirms.has(from)) this.#confirms.set(from, message);
        break;
      case 'seal':
        if (this.#isHolder(from) && !this.#seals.has(from)) this.#seals.set(from, message.signature);
    }
  }

  /** Ends every round up to this one. */
  #expire(round: number): void {
    while (this.#isRunning() && this.#round <= round) {
      for (const party of this.#waitingFor()) {
        this.#late.add(party);
        this.#faults.add(party, 'silent');
      }
      this.#advance();
    }
  }

  /** Who is still to be heard in this round. */
  #waitingFor(): Party[] {
    if (this.#stage === 'over') return [];
    const awaited = (parties: Iterable<Party>): Party[] =>
      [...parties].filter((party) => party !== this.self && !this.#late.has(party));
    if (this.#stage === 'confirm') return awaited(holdersOf(this.#plan)).filter((party) => !this.#confirms.has(party));
    if (this.#stage === 'seal') return awaited(holdersOf(this.#plan)).filter((party) => !this.#seals.has(party));
    const speakers = speakersOf(this.#plan, this.#stage, this.#round, this.#accused);
    const unheard = this.#broadcasts[this.#stage].missing(awaited(speakers));
    return this.#round === 0 ? [...new Set([...unheard, ...awaited(this.#dealings.missing())])] : unheard;
  }

  #lacks(): boolean {
    const { stage } = this;
    return stage !== 'confirm' && stage !== 'seal' && stage !== 'over' && this.#broadcasts[stage].lacks;
  }

  #isHolder(party: Party): boolean {
    return party <= this.#plan.scheme.nodes;
  }

  #advance(): void {
    if (this.#stage === 'confirm') this.#finishConfirm();
    else if (this.#stage === 'seal') this.#finishSeal();
    else if (this.#stage !== 'over') this.#advanceBroadcast(this.#stage);
  }

  #advanceBroadcast(phase: Phase): void {
    const broadcast = this.#broadcasts[phase];
    const echoes = broadcast.nextRound();
    const wordOf = (party: Party): Word => broadcast.wordOf(party);
    if (!broadcast.isOver) {
      this.#enter(phase, this.#round + 1);
      this.#sendAll(echoes);
    } else if (phase === 'deal') {
      this.#finishDeal(wordOf);
    } else if (phase === 'complain') {
      this.#finishComplain(wordOf);
    } else {
      this.#dealings.settle(this.#accused, wordOf);
      this.#settle();
    }
  }

  #finishDeal(wordOf: (party: Party) => Word): void {
    const complaints = this.#dealings.judge(wordOf);
    this.#enter('complain', firstRoundOf(this.#plan, 'complain'));
    if (complaints) this.#sendAll(this.#broadcasts.complain.say(complaints));
  }

  #finishComplain(wordOf: (party: Party) => Word): void {
    this.#accused = this.#dealings.accuse(wordOf);
    if (this.#accused.length === 0) {
      this.#settle();
      return;
    }
    this.#enter('justify', firstRoundOf(this.#plan, 'justify'));
    if (this.#accused.includes(this.self)) this.#sendAll(this.#broadcasts.justify.say(this.#dealings.justify()));
  }

  /** The dealings are judged: what is left makes the keys. */
  #settle(): void {
    const good = this.#dealings.good();
    if (good.length < this.#plan.dealersMin) {
      this.#fail(tooFewDealers(this.#plan, good, this.#faults.all()));
      return;
    }
    const qualified = qualify(this.#plan, good);
    const keys = keysOf(this.#plan, qualified, this.#dealings.commitments);
    const shares = this.#dealings.isReceiver ? sharesOf(this.#plan, qualified, this.#dealings.received) : [];
    this.#dealings.wipe();
    this.#qualified = qualified.parties;
    this.#settled = { plan: this.#plan, keys, shares, transcriptHash: this.#transcript(keys) };
    this.#enter('confirm', firstRoundOf(this.#plan, 'confirm'));
    if (!this.#dealings.isReceiver) return;
    const message = confirmation(this.#settled, this.#config.identity);
    this.#confirms.set(this.self, message);
    this.#send({ to: 'all', message });
  }

  #transcript(keys: readonly ThresholdKey[]): Uint8Array {
    const isHeld = (phase: Phase): boolean => phase !== 'justify' || this.#accused.length > 0;
    return transcriptOf(
      this.#plan,
      (phase, party) => (isHeld(phase) ? this.#broadcasts[phase].wordOf(party) : undefined),
      keys,
    );
  }

  #finishConfirm(): void {
    const settled = this.#settled!;
    const partials = new Map<Party, readonly Uint8Array[]>();
    for (const [party, message] of [...this.#confirms].sort(([a], [b]) => a - b)) {
      if (confirmsSame(settled, party, message)) partials.set(party, message.partials);
      else this.#faults.add(party, 'other-transcript');
    }
    if (partials.size < this.#plan.scheme.threshold) {
      this.#fail(notConfirmed(this.#plan, [...partials.keys()], this.#faults.all()));
      return;
    }
    this.#content = contentOf(settled, this.#config.operatorSignatures, partials, this.#faults);
    if (!this.#content) {
      this.#fail(notSigned(this.#plan, this.#faults.all()));
      return;
    }
    this.#enter('seal', firstRoundOf(this.#plan, 'seal'));
    if (!this.#dealings.isReceiver) return;
    const signature = sealPart(settled, this.#content);
    this.#seals.set(this.self, signature);
    this.#send({ to: 'all', message: { kind: 'seal', signature } });
  }

  #finishSeal(): void {
    const { shares } = this.#settled!;
    const parts = [...this.#seals].map(([index, signature]) => ({ index, signature }));
    const lock = sealed(this.#settled!, this.#content!, parts, this.#faults);
    if (!lock) {
      this.#fail(notSealed(this.#plan, this.#faults.all()));
      return;
    }
    const index = this.#dealings.isReceiver ? this.self : undefined;
    const result = { lock, index, shares, qualified: this.#qualified, faults: this.#faults.all() };
    this.#stage = 'over';
    this.#effects.push({ kind: 'done', result });
  }

  #fail(error: ThresholdError): void {
    this.abandon();
    this.#effects.push({ kind: 'failed', error, faults: this.#faults.all() });
  }

  #enter(stage: Stage, round: number): void {
    this.#stage = stage;
    this.#round = round;
    this.#effects.push({ kind: 'round', round, stage });
  }

  #sendAll(outgoing: readonly Outgoing<Message>[]): void {
    for (const each of outgoing) this.#send(each);
  }

  #send({ to, message }: Outgoing<Message>): void {
    const bytes = encodeMessage(message);
    const all = this.#plan.identities.map((_, i) => i + 1).filter((party) => party !== this.self);
    for (const party of to === 'all' ? all : [to]) this.#effects.push({ kind: 'send', to: party, bytes });
  }
}
