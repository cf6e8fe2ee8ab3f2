#!/usr/bin/env node
// The `holdfast` command.
import { processIo } from './io.ts';
import { run } from './run.ts';
import { stopSignal } from './stop.ts';

const io = processIo();
const code = await run(process.argv.slice(2), io, stopSignal());
// Idle connections and pollers must not keep the process; what was written must get out first.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(code);
