// The process that one bench runs in: imports it, runs it, sends its rows to the parent.
import { pathToFileURL } from 'node:url';
import type { BenchModule } from './row.ts';

const path = process.argv[2];
if (path === undefined || !process.send)
  throw new Error('started by benchmarks/src/runner.ts, with a file and a channel');
// A parent that is gone wants no figures.
process.once('disconnect', () => process.exit(1));
const bench = (await import(pathToFileURL(path).href)) as BenchModule;
const rows = await bench.run();
// A bench may leave a server or a worker behind; its figures are in, so nothing is waited for.
process.send(rows, () => process.exit(0));
