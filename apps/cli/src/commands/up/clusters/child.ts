/**
 * A node of a cluster on the devnet: what `holdfast node` runs, and beside it what makes it misbehave on demand. Its only
 * argument is its directory; it does what its parent says, and ends with it.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { COMPILE_CACHE } from '../../../compileCache.ts';
import { setPreset } from '../../../preset.ts';

enableCompileCache(COMPILE_CACHE);
setPreset('minimal');
// Whoever presses Ctrl-C means `up`, which stops its nodes in order.
process.on('SIGINT', () => undefined);
const { DevnetNode } = await import('./DevnetNode.ts');
const node = await DevnetNode.open(process.argv[2]!);
process.on('SIGTERM', () => void node.close());
process.once('disconnect', () => void node.close());
process.on('message', (order) => node.obey(order as Parameters<typeof node.obey>[0]));
await node.begin();
// For the nodes after this one; else it would be written when this one ends.
flushCompileCache();
