import { readFileSync } from 'node:fs';
import {
  createEdrExecution,
  createEmbeddedEthereumjs,
  createEngineExecution,
  type ExecutionPort,
} from '@holdfast/devnet';
import type { Hex } from '@holdfast/units';
import { CliFileError, CliUsageError } from '../../errors.ts';

/** Which execution layer: in this process, or a client of the user's own. */
export interface ExecutionChoice {
  readonly adapter: 'edr' | 'engine';
  readonly engineUrl?: string | undefined;
  readonly rpcUrl?: string | undefined;
  readonly jwtSecret?: string | undefined;
}

/** @param genesisTime of block 0, in seconds since 1970; a client of the user's own has its genesis already */
export function startExecution(
  choice: ExecutionChoice,
  genesisTime: number,
  secondsPerSlot: number,
): Promise<ExecutionPort> {
  const { adapter, engineUrl, rpcUrl, jwtSecret } = choice;
  const given = [engineUrl, rpcUrl, jwtSecret].filter((value) => value !== undefined).length;
  if (adapter === 'edr') {
    if (given === 0) return createEdrExecution({ genesisTime, secondsPerSlot });
    throw new CliUsageError('--engine-url, --rpc-url and --jwt-secret are for --adapter engine');
  }
  if (given === 0) return createEmbeddedEthereumjs({ genesisTime });
  if (engineUrl === undefined || rpcUrl === undefined || jwtSecret === undefined) {
    throw new CliUsageError('a client of your own needs --engine-url, --rpc-url and --jwt-secret together');
  }
  return createEngineExecution({ engineUrl, rpcUrl, jwtSecret: readJwtSecret(jwtSecret) });
}

function readJwtSecret(path: string): Hex {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new CliFileError('the JWT secret cannot be read', { data: { path }, cause });
  }
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(text)) return `0x${text.replace(/^0x/, '')}`;
  throw new CliFileError('the JWT secret must be 32 bytes of hex', { data: { path } });
}
