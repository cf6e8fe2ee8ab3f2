#!/usr/bin/env node
// The `holdfast` command.
import { enableCompileCache } from 'node:module';
import { COMPILE_CACHE } from './compileCache.ts';

enableCompileCache(COMPILE_CACHE);
const [{ processIo }, { run }, { stopSignal }] = await Promise.all([
  import('./io.ts'),
  import('./run.ts'),
  import('./stop.ts'),
]);

// A variable that is set to nothing says nothing.
for (const [name, value] of Object.entries(process.env)) {
  if (name.startsWith('HOLDFAST_') && value === '') delete process.env[name];
}
// node:sqlite is a release candidate in Node 24; saying so on each start helps nobody.
const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning(warning, ...rest);
};
const io = processIo();
const code = await run(process.argv.slice(2), io, stopSignal());
// Idle connections and pollers must not keep the process; what was written must get out first.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(code);
