import fc from 'fast-check';
import { encodeFunctionData } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILING, CONFIG, codeOf, creator, DEPLOYER, ETH, GWEI } from '../support/pool-deploy.ts';
import { type Contract, PoolEvm } from '../support/pool-evm.ts';
import { MirrorRate } from '../support/pool-mirror-rate.ts';

const START = 1_700_000_000;
const ROOT = `0x${'11'.repeat(32)}` as const;
const SEED = Number(process.env.HOLDFAST_SEED ?? 4_242);
let evm: PoolEvm;
let harness: Contract;
let now = START;

async function at<T>(time: number, work: () => Promise<T>): Promise<[T, boolean]> {
  now = time;
  await evm.open(now, ROOT);
  const result = await work();
  const receipts = await evm.seal();
  return [result, receipts.every(({ status }) => status === '0x1')];
}
const queue = (functionName: string, args: readonly unknown[]) =>
  evm.queue(DEPLOYER, harness.address, encodeFunctionData({ abi: harness.abi, functionName, args }));

beforeAll(async () => {
  evm = await PoolEvm.create(START);
  const code = await codeOf(['test/pool/CustodyHarness.sol']);
  const make = creator(evm, code, async () => {
    await evm.seal();
  });
  now += 12;
  await evm.open(now, ROOT);
  harness = await make('CustodyHarness', []);
}, COMPILING);

describe('RollingLimit', () => {
  it('lets no window pass more than its limit, and always some again after half of one', async () => {
    const spends = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 700 })), {
      minLength: 5,
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 1000 }),
        fc.integer({ min: 1, max: 900 }),
        spends,
        async (limit, window, list) => {
          const passed: { time: number; amount: number }[] = [];
          now += 2_000_000; // whatever an earlier run filled has leaked
          for (const [wait, amount] of list) {
            const args = [BigInt(amount), BigInt(limit), BigInt(window)];
            const [, ok] = await at(now + wait, () => queue('spend', args));
            if (ok) passed.push({ time: now, amount });
            const held = passed.filter(({ time }) => time > now - window).reduce((sum, entry) => sum + entry.amount, 0);
            expect(held).toBeLessThanOrEqual(limit);
          }
          await at(now + window, async () => undefined);
          expect(await evm.read<bigint>(harness, 'available', [BigInt(limit), BigInt(window)])).toBe(
            BigInt(Math.floor(limit / 2)),
          );
        },
      ),
      { seed: SEED, numRuns: 25 },
    );
  });

  it('says why it refuses', async () => {
    now += 2_000_000;
    const [, ok] = await at(now, () => queue('spend', [51n, 100n, 60n]));
    expect(ok).toBe(false);
  });
});

describe('ShareRate', () => {
  const big = fc.bigInt({ min: 0n, max: 10n ** 24n });
  const step = fc.record({
    wait: fc.integer({ min: 1, max: 3000 }),
    kind: fc.constantFrom('up', 'down', 'loss', 'wild'),
    size: big,
  });

  it('is the line that the books say: gains drip, losses enter at once, nothing overflows', async () => {
    const { dripSeconds, maxGrowthPerSecond } = CONFIG.vault;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        await at(now + 12, () => queue('reset', [ETH]));
        const books = new MirrorRate({ ...CONFIG.vault, feeBps: 0 }, now);
        for (const { wait, kind, size } of steps) {
          const before = books.at(now + wait);
          if (kind === 'loss') {
            const [, ok] = await at(now + wait, () => queue('lowered', [size % ETH]));
            expect(ok).toBe(true);
            books.lower(size % ETH, ETH, now);
          } else {
            const target =
              kind === 'wild'
                ? size * 10n ** 20n
                : kind === 'up'
                  ? before + (size % ETH)
                  : before - (size % (before + 1n));
            const [, ok] = await at(now + wait, () => queue('towards', [target, dripSeconds, maxGrowthPerSecond]));
            expect(ok).toBe(true);
            books.report(target, ETH, now);
          }
          const value = await evm.read<bigint>(harness, 'valueAt', [BigInt(now)]);
          expect(value).toBe(books.at(now));
          // A guard may delay a gain, it never lifts the rate at once, and never sinks it but by a loss.
          expect(value).toBeLessThanOrEqual(before > GWEI ? before : GWEI);
          if (kind === 'up') expect(value).toBe(before);
          let last = value;
          for (const later of [1n, 12n, 500n, 5000n]) {
            const then = await evm.read<bigint>(harness, 'valueAt', [BigInt(now) + later]);
            expect(then).toBeGreaterThanOrEqual(last);
            // Growth is measured from where the line starts; a second of rounding in its length is allowed.
            const fastest = (books.from * maxGrowthPerSecond * (later + BigInt(now - books.since) + 1n)) / ETH;
            if (kind !== 'loss') expect(then - value).toBeLessThanOrEqual(fastest + (fastest * 2n) / dripSeconds + 1n);
            last = then;
          }
        }
      }),
      { seed: SEED, numRuns: 40 },
    );
  });

  it('rounds shares down, in favour of the pool', async () => {
    const assets = fc.bigInt({ min: 0n, max: 10n ** 27n });
    const rates = fc.bigInt({ min: GWEI, max: 10n ** 24n });
    await fc.assert(
      fc.asyncProperty(assets, rates, async (given, rate) => {
        const shares = await evm.read<bigint>(harness, 'toSharesDown', [given, rate]);
        expect(shares % GWEI).toBe(0n);
        expect(shares * rate).toBeLessThanOrEqual(given * ETH);
        expect((shares + GWEI) * rate).toBeGreaterThan(given * ETH);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
