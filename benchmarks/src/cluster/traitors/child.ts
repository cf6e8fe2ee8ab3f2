// One trial in a process of its own: told what by its argument, tells the verdict.
import { tryTraitor } from './trial.ts';
import type { Trial } from './world.ts';

process.once('disconnect', () => process.exit(1));
const verdict = await tryTraitor(JSON.parse(process.argv[2]!) as Trial);
process.send!(verdict, () => process.exit(0));
