import type { EmbeddedExecution } from './execution/engine/ethereumjs.ts';
import type { GenesisOptions } from './execution/genesis.ts';

/** An execution client inside this process, driven by the Engine API. It is loaded only now: it is large. */
export async function createEmbeddedEthereumjs(options: GenesisOptions): Promise<EmbeddedExecution> {
  const client = await import('./execution/engine/ethereumjs.ts');
  return client.createEmbeddedEthereumjs(options);
}
