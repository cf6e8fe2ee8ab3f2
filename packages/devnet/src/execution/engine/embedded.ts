import type { GenesisOptions } from '../genesis.ts';
import type { EmbeddedExecution } from './ethereumjs.ts';

export type { EmbeddedExecution };

/**
 * @ethereumjs/client without peers or disk, inside this process and driven through its real Engine API: Prague's rules.
 * The client takes a second to load, so it is loaded when first asked for.
 */
export async function createEmbeddedEthereumjs(options: GenesisOptions): Promise<EmbeddedExecution> {
  const { startEmbeddedEthereumjs } = await import('./ethereumjs.ts');
  return startEmbeddedEthereumjs(options);
}
