// `npm test`: every check and every test. `npm test -- --only lint,types` runs some steps;
// `npm test -- --only vitest packages/units` narrows the tests. The last line is `N passed, N failed`.
import { parseArgs } from 'node:util';
import { STEPS, sum } from './lib/steps.ts';
import type { Count } from './lib/vitest-report.ts';

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', multiple: true }, deep: { type: 'boolean', default: false } },
});
const wanted = values.only?.flatMap((list) => list.split(','));
const unknown = wanted?.filter((name) => !(name in STEPS)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}.`);
  process.exit(2);
}

const counts: Count[] = [];
for (const [name, run] of Object.entries(STEPS)) {
  if (wanted && !wanted.includes(name)) continue;
  console.log(`── ${name}`);
  const started = performance.now();
  const count = run({ filters, deep: values.deep });
  counts.push(count);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`   ${name}: ${count.failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
}
const { passed, failed } = sum(counts);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
