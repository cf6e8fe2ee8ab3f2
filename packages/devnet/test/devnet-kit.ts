import { Devnet, type DevnetOptions } from '../src/index.ts';
import { FakeExecution } from './fake-execution.ts';

/** A devnet over the fake execution layer, and that layer to queue requests on. */
export async function fakeDevnet(
  options: Partial<Omit<DevnetOptions, 'execution'>> = {},
): Promise<{ devnet: Devnet; execution: FakeExecution }> {
  const execution = new FakeExecution();
  return { execution, devnet: await Devnet.create({ execution, ...options }) };
}

export const SLOTS_PER_EPOCH = 8;
export const ETH = 1_000_000_000;

/** A secret key that is nobody else's: small numbers are valid keys. */
export const secretKey = (seed: number): `0x${string}` => `0x${(0xabc000 + seed).toString(16).padStart(64, '0')}`;
