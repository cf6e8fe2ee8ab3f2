// Ceremonies of all their nodes in one process: a network that delivers in an order of chance, and liars on it.
import { toHex } from '@holdfast/units';
import { Ceremony } from '../../src/dkg/ceremony.ts';
import type { Fault } from '../../src/dkg/faults.ts';
import { ed25519Identity, type NodeIdentity } from '../../src/dkg/identity.ts';
import { decodeMessage, encodeMessage, type Message, type Party } from '../../src/dkg/messages.ts';
import { type CeremonyPlan, type PreviousCluster, planCeremony } from '../../src/dkg/plan.ts';
import type { CeremonyEffect, CeremonyResult } from '../../src/dkg/types.ts';
import type { ClusterDefinition, OperatorSignatures } from '../../src/lock/types.ts';
import type { ThresholdError } from '../../src/threshold/errors.ts';
import type { Scalar } from '../../src/threshold/scalar.ts';
import { byzantineThreshold } from '../../src/threshold/scheme.ts';
import { seededBytes, seededNumbers } from './random.ts';

export interface Members {
  readonly definition: ClusterDefinition;
  readonly operatorSignatures: readonly OperatorSignatures[];
  readonly identities: readonly NodeIdentity[];
}

/** A definition whose nodes are named by `names`, so that two definitions can share some of them. */
export function membersOf(names: readonly string[], changes: Partial<ClusterDefinition> = {}): Members {
  const identities = names.map((name) => ed25519Identity(seededBytes(`identity ${name}`)(32)));
  const hex = (label: string, length: number) => toHex(seededBytes(label)(length));
  const definition = {
    name: 'test cluster',
    nonce: hex('nonce', 32) as ClusterDefinition['nonce'],
    network: {
      name: 'devnet',
      genesisForkVersion: '0x10000038',
      genesisValidatorsRoot: hex('genesis', 32) as ClusterDefinition['nonce'],
    },
    withdrawalCredentials: `0x02${'00'.repeat(11)}${'ab'.repeat(20)}`,
    feeRecipient: `0x${'cd'.repeat(20)}`,
    threshold: byzantineThreshold(names.length),
    validators: 2,
    depositAmounts: ['1000000000'],
    operators: names.map((name, i) => {
      return { address: hex(`operator ${name}`, 20), identity: identities[i]!.publicKey, multiaddrs: [] };
    }),
    generation: 0,
    previousLockHash: `0x${'00'.repeat(32)}` as ClusterDefinition['nonce'],
    ...changes,
  } satisfies ClusterDefinition;
  const operatorSignatures = names.map((name) => ({
    entry: hex(`entry ${name}`, 65),
    definition: hex(`def ${name}`, 65),
  }));
  return { definition, operatorSignatures, identities };
}

/** The successor of a cluster's definition, run by `names`. */
export function successorOf(
  previous: PreviousCluster,
  names: readonly string[],
  changes: Partial<ClusterDefinition> = {},
): Members {
  const { definition: old, lockHash } = previous.lock;
  const { network, withdrawalCredentials, validators, depositAmounts } = old;
  const nonce = toHex(seededBytes(`nonce ${old.nonce} ${names}`)(32)) as ClusterDefinition['nonce'];
  const kept = { network, withdrawalCredentials, validators, depositAmounts, nonce };
  return membersOf(names, { ...kept, generation: old.generation + 1, previousLockHash: lockHash, ...changes });
}

/** Changes, drops (an empty list) or multiplies what a liar sends to one receiver. */
export type Lie = (message: Message, to: Party) => readonly Message[] | readonly Uint8Array[];

export interface Setting {
  readonly seed: string;
  readonly members: Members;
  readonly previous?: PreviousCluster;
  /** By identity (a party of the ceremony): shares in the previous cluster. */
  readonly oldShares?: ReadonlyMap<string, readonly Scalar[]>;
  /** Identities of those that leave. */
  readonly leaving?: readonly NodeIdentity[];
  readonly dead?: readonly Party[];
  readonly lies?: ReadonlyMap<Party, Lie>;
  /** Called with every ceremony, for liars that need to look inside. */
  readonly tune?: (
    party: Party,
    config: ConstructorParameters<typeof Ceremony>[0],
  ) => ConstructorParameters<typeof Ceremony>[0];
}

export interface Played {
  readonly plan: CeremonyPlan;
  readonly results: ReadonlyMap<Party, CeremonyResult>;
  readonly failures: ReadonlyMap<Party, { readonly error: ThresholdError; readonly faults: readonly Fault[] }>;
  /** How many deadlines had to pass. */
  readonly deadlines: number;
  /** Bytes that each party sent. */
  readonly bytes: ReadonlyMap<Party, number>;
  /** Milliseconds that each party computed. */
  readonly cpuMs: ReadonlyMap<Party, number>;
}

/** Plays a ceremony to its end: messages in an order of chance, a round's deadline only when nothing is under way. */
export function play(setting: Setting): Played {
  const plan = planCeremony(setting.members.definition, setting.previous);
  const world = new World(plan, setting);
  world.run();
  return world;
}

class World implements Played {
  readonly plan: CeremonyPlan;
  readonly results = new Map<Party, CeremonyResult>();
  readonly failures = new Map<Party, { readonly error: ThresholdError; readonly faults: readonly Fault[] }>();
  readonly bytes = new Map<Party, number>();
  readonly cpuMs = new Map<Party, number>();
  deadlines = 0;
  readonly #setting: Setting;
  readonly #below: (limit: number) => number;
  readonly #ceremonies = new Map<Party, Ceremony>();
  readonly #rounds = new Map<Party, number>();
  readonly #wire: { from: Party; to: Party; bytes: Uint8Array }[] = [];

  constructor(plan: CeremonyPlan, setting: Setting) {
    this.plan = plan;
    this.#setting = setting;
    this.#below = seededNumbers(`order ${setting.seed}`);
    const identities = [...setting.members.identities, ...(setting.leaving ?? [])];
    for (const identity of identities) {
      const party = plan.identities.indexOf(identity.publicKey) + 1;
      if (setting.dead?.includes(party)) continue;
      const oldShares = setting.oldShares?.get(identity.publicKey);
      const config = {
        plan,
        operatorSignatures: setting.members.operatorSignatures,
        identity,
        random: seededBytes(`${setting.seed} ${party}`),
        ...(oldShares ? { oldShares } : {}),
      };
      this.#ceremonies.set(party, new Ceremony(setting.tune?.(party, config) ?? config));
    }
  }

  run(): void {
    for (const party of this.#ceremonies.keys()) this.#step(party, { kind: 'start' });
    for (;;) {
      while (this.#wire.length > 0) this.#deliver();
      const open = [...this.#ceremonies].filter(([, ceremony]) => ceremony.stage !== 'over').map(([party]) => party);
      if (open.length === 0) return;
      this.deadlines += 1;
      if (this.deadlines > this.plan.rounds) throw new Error(`${open} hang`);
      const round = Math.min(...open.map((party) => this.#rounds.get(party)!));
      for (const party of open) this.#step(party, { kind: 'deadline', round });
    }
  }

  #deliver(): void {
    const { from, to, bytes } = this.#wire.splice(this.#below(this.#wire.length), 1)[0]!;
    this.#step(to, { kind: 'message', from, bytes });
  }

  #step(party: Party, input: Parameters<Ceremony['step']>[0]): void {
    const ceremony = this.#ceremonies.get(party);
    if (!ceremony) return;
    const start = performance.now();
    const effects = ceremony.step(input);
    this.cpuMs.set(party, (this.cpuMs.get(party) ?? 0) + performance.now() - start);
    for (const effect of effects) this.#perform(party, effect);
  }

  #perform(party: Party, effect: CeremonyEffect): void {
    if (effect.kind === 'done') this.results.set(party, effect.result);
    else if (effect.kind === 'failed') this.failures.set(party, effect);
    else if (effect.kind === 'round') this.#rounds.set(party, effect.round);
    else for (const bytes of this.#lied(party, effect.to, effect.bytes)) this.#post(party, effect.to, bytes);
  }

  #post(from: Party, to: Party, bytes: Uint8Array): void {
    this.bytes.set(from, (this.bytes.get(from) ?? 0) + bytes.length);
    this.#wire.push({ from, to, bytes });
  }

  #lied(party: Party, to: Party, bytes: Uint8Array): readonly Uint8Array[] {
    const lie = this.#setting.lies?.get(party);
    if (!lie) return [bytes];
    return lie(decodeMessage(bytes, this.plan.limits), to).map((each) =>
      each instanceof Uint8Array ? each : encodeMessage(each),
    );
  }
}
