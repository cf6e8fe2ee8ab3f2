// `npm run bench [-- NAME…] [--json FILE] [--save]`: runs the benches whose rows begin with a NAME, or all, and prints
// a table. A missed target is shown, not an error; a bench that crashes is one.
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { discover } from './discover.ts';
import { type BenchRow, isPicked } from './row.ts';
import { BenchFailure, runBench } from './runner.ts';
import { saveSnapshot } from './snapshot.ts';
import { tableOf } from './table.ts';

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    save: { type: 'boolean', default: false },
    /** Another folder of benches, for the harness's own tests. */
    dir: { type: 'string', default: import.meta.dirname },
  },
});
const snapshots = join(options.dir, '..', 'snapshots');
const rows: BenchRow[] = [];
const failures: string[] = [];

const benches = discover(options.dir).filter(({ names }) => names?.some((name) => isPicked(name, filters)) ?? true);
for (const [index, bench] of benches.entries()) {
  console.error(`[${index + 1}/${benches.length}] ${bench.name} …`);
  const started = performance.now();
  try {
    const measured = await runBench(bench);
    rows.push(...measured.filter(({ name }) => isPicked(name, filters)));
    if (options.save) console.error(`wrote ${relative('.', saveSnapshot(snapshots, bench.name, measured))}`);
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    failures.push(error.message);
    console.error(error.message);
  }
  console.error(
    `[${index + 1}/${benches.length}] ${bench.name} took ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}

if (rows.length > 0) process.stdout.write(tableOf(rows));
if (options.json !== undefined) writeFileSync(resolve(options.json), `${JSON.stringify(rows, null, 2)}\n`);
for (const failure of failures) console.error(failure);
if (rows.length === 0 && failures.length === 0)
  console.error(`no bench gives a row named ${filters.join(' or ') || 'anything'}`);
process.exitCode = failures.length > 0 || rows.length === 0 ? 1 : 0;
