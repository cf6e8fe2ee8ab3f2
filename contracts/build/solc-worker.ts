// The compiler in a thread of its own: it is synchronous, takes half a second to load and installs process handlers.
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';

interface Solc {
  compile(standardJsonInput: string): string;
}

const solc = createRequire(import.meta.url)('solc') as Solc;

parentPort?.on('message', ({ id, input }: { id: number; input: string }) => {
  try {
    parentPort?.postMessage({ id, output: solc.compile(input) });
  } catch (error) {
    parentPort?.postMessage({ id, failure: error instanceof Error ? error.message : String(error) });
  }
});
