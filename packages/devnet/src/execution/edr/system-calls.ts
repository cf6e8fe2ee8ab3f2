import type { Hex } from '@holdfast/units';
import type { RpcCall } from '../dev-wallet.ts';
import { BadExecutionDataError } from '../errors.ts';
import type { ExecutionHead } from '../port.ts';
import {
  BEACON_ROOTS_ADDRESS,
  HISTORY_BUFFER_LENGTH,
  HISTORY_SERVE_WINDOW,
  HISTORY_STORAGE_ADDRESS,
  SYSTEM_ADDRESS,
} from '../system-contracts.ts';

const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;
const word = (value: string): Hex => `0x${value.replace(/^0x/, '').padStart(64, '0')}`;
/** EIP-7002 and 7251 give the system call 30M gas; EDR allows a call the transaction cap, and 16 requests need far less. */
const SYSTEM_CALL_GAS = quantity(16_000_000);

/** EIP-4788, before the block's transactions: the ring takes the block's timestamp and its parent beacon root. */
export async function storeBeaconRoot(call: RpcCall, timestamp: number, root: Hex): Promise<void> {
  const slot = timestamp % HISTORY_BUFFER_LENGTH;
  await setStorage(call, BEACON_ROOTS_ADDRESS, quantity(slot), word(timestamp.toString(16)));
  await setStorage(call, BEACON_ROOTS_ADDRESS, quantity(slot + HISTORY_BUFFER_LENGTH), root);
}

/** EIP-2935, before the block's transactions: the ring of block hashes takes the parent's. */
export async function storeParentHash(call: RpcCall, parent: ExecutionHead): Promise<void> {
  const slot = parent.blockNumber % HISTORY_SERVE_WINDOW;
  await setStorage(call, HISTORY_STORAGE_ADDRESS, quantity(slot), parent.blockHash);
}

/** EIP-4895: withdrawals cannot fail and cost no gas. `amount` in wei. */
export async function creditBalance(call: RpcCall, address: Hex, amount: bigint): Promise<void> {
  const before = BigInt((await call('eth_getBalance', [address, 'latest'])) as Hex);
  await call('hardhat_setBalance', [address, quantity(before + amount)]);
}

/** What the system call of a request contract gave, and whether it changed the contract's state. */
export interface Dequeued {
  readonly output: Hex;
  readonly changed: boolean;
}

interface AccountTrace {
  readonly storage?: Readonly<Record<string, Hex>>;
}

/**
 * EIP-7002/7251, after the block's transactions: the system call that takes requests off the queue and moves the fee.
 * The contract's own code decides what it writes: the call is traced on the sealed state and its storage diff applied.
 */
export async function dequeueRequests(call: RpcCall, contract: Hex): Promise<Dequeued> {
  const systemCall = { from: SYSTEM_ADDRESS, to: contract, gas: SYSTEM_CALL_GAS };
  const tracer = { tracer: 'prestateTracer', tracerConfig: { diffMode: true } };
  const trace = (await call('debug_traceCall', [systemCall, 'latest', tracer])) as {
    readonly pre?: Readonly<Record<string, AccountTrace>>;
    readonly post?: Readonly<Record<string, AccountTrace>>;
  };
  const before = trace.pre?.[contract]?.storage ?? {};
  const after = trace.post?.[contract]?.storage ?? {};
  // A slot that falls to zero is left out of `post`.
  const slots = new Set([...Object.keys(before), ...Object.keys(after)]);
  if (slots.size === 0) return { output: '0x', changed: false };
  const output = await call('eth_call', [systemCall, 'latest']);
  if (typeof output !== 'string') {
    throw new BadExecutionDataError('a request contract gave no output', { data: { contract } });
  }
  for (const slot of slots) await setStorage(call, contract, slot, word(after[slot] ?? '0x0'));
  return { output: output as Hex, changed: true };
}

/** EDR refuses storage keys with leading zeros. */
async function setStorage(call: RpcCall, address: Hex, slot: string, value: Hex): Promise<void> {
  await call('hardhat_setStorageAt', [address, quantity(BigInt(slot)), value]);
}
