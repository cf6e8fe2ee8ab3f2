import { expect, it } from 'vitest';
import { Fuzz, type FuzzStep } from '../support/pool-fuzz.ts';

/** Contract calls over all seeds. `npm run test:deep` makes it a million. */
const CALLS = Number(process.env.HOLDFAST_FUZZ_CALLS ?? (process.env.HOLDFAST_DEEP ? 1_000_000 : 100_000));
const SEED = Number(process.env.HOLDFAST_FUZZ_SEED ?? 20_260);
const CALLS_PER_RUN = 6_000;
const CALLS_PER_BLOCK = 20;
/** Blocks within which keepers alone must have paid everybody: the longest way out, a slashing, and its settlement. */
const EXIT_BOUND = 900;

/** Only the one life of that seed. */
const ALONE = process.env.HOLDFAST_FUZZ_SEED !== undefined;
const totals = new Map<string, [number, number]>();
let calls = 0;
let checkpoints = 0;

/** Everybody asks for everything; operators, stakers and attackers fall silent; keepers alone go on. */
async function wayOut(fuzz: Fuzz): Promise<void> {
  fuzz.quiet = true;
  const { token, queue } = fuzz.pool;
  const emptied = new Set<number>();
  for (let n = 0; n < EXIT_BOUND; n += 1) {
    const steps: FuzzStep[] = [];
    for (let actor = 0; actor < 13; actor += 1) {
      if (emptied.has(actor)) continue;
      const held = await fuzz.world.read<bigint>(token, 'balanceOf', [fuzz.address(actor)]);
      if (held < 10n ** 9n) {
        emptied.add(actor);
        continue;
      }
      const rate = fuzz.look.rate;
      const most = (900n * 10n ** 36n) / rate;
      steps.push({ actor, to: queue, fn: 'requestWithdrawal', args: [held < most ? held : most, fuzz.address(0)] });
      if (steps.length === 4) break;
    }
    for (const [id, request] of fuzz.mirror.requests) {
      const actor = fuzz.actorOf(request.owner);
      if (request.paid === undefined || actor === undefined || steps.length > 8) continue;
      steps.push({ actor, to: queue, fn: 'claim', args: [BigInt(id), fuzz.batchOf(id)!, fuzz.address(0)] });
    }
    await fuzz.quietBlock(steps);
    if (steps.length === 0 && fuzz.mirror.requests.size === 0) return;
  }
  const waiting = [...fuzz.mirror.requests].filter(([, { paid }]) => paid === undefined);
  throw new Error(`I10: after ${EXIT_BOUND} blocks ${waiting.length} requests wait, ${fuzz.look.shortfall} wei short`);
}

async function run(seed: number): Promise<void> {
  const fuzz = await Fuzz.start(seed);
  try {
    while (fuzz.calls < Math.min(CALLS, CALLS_PER_RUN)) await fuzz.block(CALLS_PER_BLOCK);
    await wayOut(fuzz);
  } catch (error) {
    const replay = `HOLDFAST_FUZZ_SEED=${seed} npx vitest run contracts/test/pool/invariants.test.ts`;
    throw new Error(
      `seed ${seed}, call ${fuzz.calls}, slot ${fuzz.world.beacon.slot}: ${(error as Error).message}\nreplay: ${replay}`,
      { cause: error },
    );
  }
  calls += fuzz.calls;
  checkpoints += fuzz.mirror.checkpoints;
  for (const [name, [tried, passed]] of fuzz.counts) {
    const [a, b] = totals.get(name) ?? [0, 0];
    totals.set(name, [a + tried, b + passed]);
  }
}

it(`holds I1 to I10 over ${CALLS} random calls (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
  const started = performance.now();
  let runs = 0;
  while (calls < CALLS && !(ALONE && runs > 0)) {
    await run(SEED + runs);
    runs += 1;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${calls} calls, ${checkpoints} checkpoints to the gwei, ${runs} lives, ${seconds.toFixed(1)} s (${Math.round(calls / seconds)} calls/s)`,
  );
  if (process.env.HOLDFAST_FUZZ_TABLE) console.table(Object.fromEntries([...totals].sort()));
  expect(checkpoints).toBeGreaterThan(0);
});
