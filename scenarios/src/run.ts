import { activate, bond, deploy, frontRun, stake } from './acts/coming.ts';
import { doubleSign, earn, enforce, settle } from './acts/fault.ts';
import { leave } from './acts/leave.ts';
import { type Act, expect, type Life } from './life.ts';
import { World, type WorldOptions } from './world.ts';

export const ACTS: readonly Act[] = [deploy, bond, stake, activate, frontRun, earn, doubleSign, enforce, settle, leave];

export interface ActReport {
  readonly n: number;
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** Why it failed. */
  readonly error?: string;
}

export interface ScenarioReport {
  readonly adapter: 'edr' | 'engine';
  readonly acts: readonly ActReport[];
  /** As decimal strings: gwei and wei do not fit a JSON number. */
  readonly checkpoints: readonly {
    slot: number;
    navGwei: string;
    truthGwei: string;
    diffGwei: string;
    diffWei: string;
  }[];
  /** Null when the books were not closed. */
  readonly accountedDiffWei: string | null;
  readonly slots: number;
}

/** Plays the whole life. An act that fails ends it; the report says which and why. */
export async function runScenario(options: WorldOptions & { readonly now?: () => number }): Promise<ScenarioReport> {
  const { say = () => {}, now = () => performance.now() } = options;
  const world = await World.create(options);
  const life: Life = {
    world,
    operators: [],
    stakers: [],
    rateBeforeFault: 0n,
    faulty: null,
    earlyLeaver: null,
    nextKey: 0,
  };
  const acts: ActReport[] = [];
  try {
    for (const act of ACTS) {
      say(`${String(act.n).padStart(2)}  ${act.name}`);
      const began = now();
      const failure = await failureOf(async () => {
        await act.run(life);
        requireTruth(world);
      });
      const ms = Math.round(now() - began);
      acts.push({ n: act.n, name: act.name, ok: failure === null, ms, ...(failure ? { error: failure } : {}) });
      say(failure === null ? `    ok, ${ms} ms` : `    FAILED: ${failure}`);
      if (failure !== null) break;
    }
    const checkpoints = world.deployed
      ? world.checkpoints.rows.map(({ slot, navGwei, truthGwei, diffGwei, diffWei }) => ({
          slot,
          navGwei: String(navGwei),
          truthGwei: String(truthGwei),
          diffGwei: String(diffGwei),
          diffWei: String(diffWei),
        }))
      : [];
    const difference = world.books?.differenceWei;
    return {
      adapter: options.adapter,
      acts,
      checkpoints,
      accountedDiffWei: difference === undefined ? null : String(difference),
      slots: world.devnet.slot,
    };
  } finally {
    await world.close();
  }
}

/** I4: at each checkpoint the contract's NAV is the beacon chain's truth, to the wei. */
function requireTruth(world: World): void {
  if (!world.deployed) return;
  for (const { slot, navGwei, truthGwei, diffWei } of world.checkpoints.rows) {
    expect(`the NAV at slot ${slot} is the truth`, diffWei === 0n, { navGwei, truthGwei, diffWei });
  }
}

async function failureOf(task: () => Promise<void>): Promise<string | null> {
  try {
    await task();
    return null;
  } catch (error) {
    return error instanceof Error
      ? process.env.HOLDFAST_DEBUG
        ? (error.stack ?? error.message)
        : error.message
      : String(error);
  }
}
