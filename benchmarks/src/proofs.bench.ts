// Proofs from a state as large as mainnet's: 1,000,000 validators, mainnet preset.
import {
  balanceProof,
  balancesProof,
  type LoadedState,
  loadState,
  stateTypeOf,
  validatorProof,
  verifyBranch,
  verifyListProof,
} from '@holdfast/beacon';
import { randomBytes, seeded } from './random.ts';
import type { BenchRow } from './row.ts';

export const names = ['proof.singleMs', 'proof.thousandMs'];
export const env = { LODESTAR_PRESET: 'mainnet' };

const VALIDATORS = 1_000_000;
const SINGLES = 500;
const MULTIS = 9;

export async function run(): Promise<BenchRow[]> {
  const bytes = stateBytes();
  const loading = performance.now();
  const state = loadState('fulu', bytes);
  const loadMs = performance.now() - loading;
  const rssMib = Math.round(process.memoryUsage.rss() / 2 ** 20);
  console.log(
    `state of ${VALIDATORS} validators, ${Math.round(bytes.length / 2 ** 20)} MiB: loaded and hashed in ` +
      `${(loadMs / 1000).toFixed(1)} s, ${rssMib} MiB resident`,
  );
  const random = seeded(1);
  const pick = (): number => Math.floor(random() * VALIDATORS);
  const single = median(SINGLES, () => {
    const index = pick();
    return timed(
      () => validatorProof(state, index),
      (proof) => verifyBranch(proof.leaf, proof.gindex, proof.branch, state.root),
    );
  });
  const thousand = median(MULTIS, () => measureThousand(state, pick));
  const separate = median(MULTIS, () => {
    const indices = Array.from({ length: 1000 }, pick);
    return timed(
      () => indices.map((index) => balanceProof(state, index)),
      (proofs) => proofs.length === 1000,
    );
  });
  return [
    {
      name: 'proof.singleMs',
      value: single,
      unit: 'ms',
      target: 5,
      better: 'lower',
      baseline: { name: 'load and hash the state anew', value: loadMs },
    },
    {
      name: 'proof.thousandMs',
      value: thousand,
      unit: 'ms',
      target: 500,
      better: 'lower',
      baseline: { name: '1,000 single proofs', value: separate },
    },
  ];
}

function measureThousand(state: LoadedState, pick: () => number): number {
  const indices = new Set<number>();
  while (indices.size < 1000) indices.add(pick());
  return timed(
    () => balancesProof(state, [...indices]),
    (proof) => verifyListProof(proof, state.root),
  );
}

/** Milliseconds of `make`. A proof that does not verify has no time. */
function timed<T>(make: () => T, check: (made: T) => boolean): number {
  const start = performance.now();
  const made = make();
  const ms = performance.now() - start;
  if (!check(made)) throw new Error('the proof does not verify');
  return ms;
}

function median(samples: number, sample: () => number): number {
  const values = Array.from({ length: samples }, sample).sort((a, b) => a - b);
  return values[Math.floor(samples / 2)]!;
}

/** The SSZ of a state whose every validator differs. The value it is made from is garbage afterwards. */
function stateBytes(): Uint8Array {
  const random = seeded(2);
  const bytes = (length: number): Uint8Array => randomBytes(random, length);
  const type = stateTypeOf('fulu');
  const value = type.defaultValue() as Record<string, unknown>;
  const each = <T>(item: (index: number) => T): T[] => Array.from({ length: VALIDATORS }, (_, index) => item(index));
  value.slot = 10_000_000;
  value.validators = each((index) => ({
    pubkey: bytes(48),
    withdrawalCredentials: bytes(32),
    effectiveBalance: 32_000_000_000,
    slashed: false,
    activationEligibilityEpoch: index,
    activationEpoch: index + 5,
    exitEpoch: Number.POSITIVE_INFINITY,
    withdrawableEpoch: Number.POSITIVE_INFINITY,
  }));
  value.balances = each(() => 32_000_000_000 + Math.floor(random() * 1e9));
  value.previousEpochParticipation = each(() => 7);
  value.currentEpochParticipation = each(() => 7);
  value.inactivityScores = each(() => 0);
  return type.serialize(value);
}
