import type { BeaconClient, VerifiedState } from '@holdfast/beacon';
import { type Pool, type PoolSnapshot, type ProvableMoment, readPool } from '@holdfast/pool';
import { asRoot, type Hex, type Root } from '@holdfast/units';
import type { Observation } from '../decide/observation.ts';
import { KeeperConfigError, KeeperRpcBehindError } from '../errors.ts';
import type { ResolvedOptions } from '../options.ts';
import { beaconFacts } from './beaconFacts.ts';
import { checkpointFacts } from './checkpointFacts.ts';
import { type Head, Moments } from './Moments.ts';
import { finalizableOf, poolFacts, requestFee, rulesOf } from './poolFacts.ts';
import { SlashingWatch } from './slashingFacts.ts';

/** A part of an observation that could not be made. The duties that need it wait. */
export interface Trouble {
  readonly part: 'beacon' | 'checkpoint' | 'queue' | 'slashings';
  readonly error: unknown;
}

/** What was observed, and the verified states that proofs of it are made from. */
export interface View {
  readonly observation: Observation;
  readonly snapshot: PoolSnapshot;
  readonly moment: ProvableMoment | null;
  /** The block that the checkpoint in progress froze, and its post-state. */
  readonly frozen: VerifiedState | null;
  readonly troubles: readonly Trouble[];
}

/** The latest execution block, as far as it matters here. */
export interface ExecutionHead {
  readonly timestamp: bigint;
  readonly parentBeaconBlockRoot?: Hex | undefined;
}

/** Rounds in which a head behind the last one is not believed; after that it is a reorg, or another chain's restore. */
const BEHIND_ROUNDS_MAX = 3;

/** Reads both chains into what decisions are made of. Each part fails alone. */
export class Observer {
  private readonly pool: Pool;
  private readonly beaconClient: BeaconClient;
  private readonly account: Hex;
  private readonly options: ResolvedOptions;
  private readonly moments: Moments;
  private readonly slashings: SlashingWatch;
  private lastBlock = 0n;
  private roundsBehind = 0;

  constructor(pool: Pool, beaconClient: BeaconClient, account: Hex, options: ResolvedOptions) {
    this.pool = pool;
    this.beaconClient = beaconClient;
    this.account = account;
    this.options = options;
    this.moments = new Moments(beaconClient, options);
    this.slashings = new SlashingWatch(pool, beaconClient, options);
  }

  /** Evidence that the contracts refused for good is not brought again. */
  refused(key: string): void {
    this.slashings.refused(key);
  }

  /** The pool at the head. @throws what the execution node failed with: without the pool there is nothing to decide */
  async snapshot(): Promise<PoolSnapshot> {
    const snapshot = await readPool(this.pool);
    this.requireNotBehind(snapshot.block.number);
    return snapshot;
  }

  /** Slot of the execution block of a timestamp in seconds. */
  slotAt(timestamp: bigint): number {
    const { genesisTime, secondsPerSlot } = this.pool.manifest.facts.clock;
    return Number((timestamp - genesisTime) / secondsPerSlot);
  }

  async view(
    snapshot: PoolSnapshot,
    head: ExecutionHead,
    inFlight: ReadonlySet<string>,
    resting: ReadonlySet<string>,
  ): Promise<View> {
    const troubles: Trouble[] = [];
    const attempt = async <T>(part: Trouble['part'], task: () => Promise<T>): Promise<T | null> => {
      try {
        return await task();
      } catch (error) {
        troubles.push({ part, error });
        return null;
      }
    };
    const slot = this.slotAt(snapshot.block.timestamp);
    const trouble = (part: Trouble['part']) => (error: unknown) => void troubles.push({ part, error });
    const { account } = this;
    const [finalizable, requestFeeWei, moment, frozen] = await Promise.all([
      attempt('queue', () => finalizableOf(this.pool, snapshot, { account, ...this.options })),
      requestFee(this.pool),
      attempt('beacon', () => this.moments.current(this.provableHead(head), trouble('beacon'))),
      attempt('checkpoint', () => this.frozen(snapshot)),
    ]);
    const pool = poolFacts(this.pool.manifest, snapshot, { finalizable: finalizable ?? 0, requestFeeWei });
    const [beacon, checkpoint, slashings] = await Promise.all([
      moment && attempt('beacon', () => beaconFacts(this.beaconClient, moment, snapshot, trouble('beacon'))),
      frozen && pool.checkpoint.phase !== 'idle'
        ? attempt('checkpoint', () => {
            const onTrouble = trouble('checkpoint');
            return checkpointFacts(this.pool, snapshot, frozen.state, { account, onTrouble });
          })
        : null,
      moment && attempt('slashings', () => this.slashings.facts(snapshot, moment, trouble('slashings'))),
    ]);
    const rules = rulesOf(this.pool.manifest, this.options);
    const now = Number(snapshot.block.timestamp);
    const observation: Observation = {
      ...{ now, slot, rules, pool, beacon, inFlight, resting },
      checkpoint,
      slashings: slashings ?? new Map(),
    };
    return { observation, snapshot, moment, frozen, troubles };
  }

  private provableHead({ timestamp, parentBeaconBlockRoot: root }: ExecutionHead): Head {
    if (!root) throw new KeeperConfigError('the execution block has no parent beacon block root (EIP-4788)');
    return { slot: this.slotAt(timestamp), timestamp: Number(timestamp), parentBeaconBlockRoot: asRoot(root) };
  }

  /** Fetched as soon as a checkpoint has started: opening it needs the state, and so do all later steps. */
  private async frozen({ checkpoint }: PoolSnapshot): Promise<VerifiedState | null> {
    return checkpoint.open ? this.moments.checkpointState(checkpoint.root as Root) : null;
  }

  private requireNotBehind(block: bigint): void {
    if (block >= this.lastBlock || this.roundsBehind >= BEHIND_ROUNDS_MAX) {
      this.lastBlock = block;
      this.roundsBehind = 0;
      return;
    }
    this.roundsBehind += 1;
    throw new KeeperRpcBehindError({ data: { block, seen: this.lastBlock } });
  }
}
