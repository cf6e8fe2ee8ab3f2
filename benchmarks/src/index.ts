/**
 * Each figure that the README quotes, measured again by `npm run bench`. A bench is a file `src/<bench>.bench.ts` that
 * exports `run`; it runs in a process of its own. `names` (the rows it gives) lets a filter leave it out, `env` sets its
 * environment; both are literals.
 *
 * @example
 * import type { BenchRow } from './row.ts';
 * export const names = ['proof.singleMs'];
 * export const env = { LODESTAR_PRESET: 'mainnet' };
 * export async function run(): Promise<BenchRow[]> {
 *   return [{ name: 'proof.singleMs', value: 0.8, unit: 'ms', target: 5, better: 'lower' }];
 * }
 */
export type { Baseline, BenchModule, BenchRow } from './row.ts';
