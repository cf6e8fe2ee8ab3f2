import type { EdrExecutionOptions } from './execution/edr/edr-execution.ts';
import type { EmbeddedExecution } from './execution/engine/ethereumjs.ts';
import type { GenesisOptions } from './execution/genesis.ts';
import type { ExecutionPort } from './execution/port.ts';

// Both are large, so each is loaded when it is asked for: who drives geth needs neither, nor EDR's native library.

/** An EVM inside this process: EDR. The fast one, for tests and for people. */
export async function createEdrExecution(options: EdrExecutionOptions): Promise<ExecutionPort> {
  const edr = await import('./execution/edr/edr-execution.ts');
  return edr.createEdrExecution(options);
}

/** A whole execution client inside this process, driven by the Engine API: @ethereumjs/client. */
export async function createEmbeddedEthereumjs(options: GenesisOptions): Promise<EmbeddedExecution> {
  const client = await import('./execution/engine/ethereumjs.ts');
  return client.createEmbeddedEthereumjs(options);
}
