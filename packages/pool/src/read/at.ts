import type {
  Abi,
  AbiFunction,
  AbiParameterToPrimitiveType,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
} from 'viem';
import type { PartName } from '../deploy/parts.ts';
import { bondVaultAbi } from '../generated/BondVault.ts';
import { forkLayoutsAbi } from '../generated/ForkLayouts.ts';
import { operatorRegistryAbi } from '../generated/OperatorRegistry.ts';
import { shareTokenAbi } from '../generated/ShareToken.ts';
import { slashingEnforcerAbi } from '../generated/SlashingEnforcer.ts';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import { vaultAbi } from '../generated/Vault.ts';
import { withdrawalQueueAbi } from '../generated/WithdrawalQueue.ts';
import type { Pool } from '../Pool.ts';

export const ABIS = {
  token: shareTokenAbi,
  queue: withdrawalQueueAbi,
  vault: vaultAbi,
  ledger: validatorLedgerAbi,
  layouts: forkLayoutsAbi,
  registry: operatorRegistryAbi,
  bonds: bondVaultAbi,
  enforcer: slashingEnforcerAbi,
} as const satisfies Record<PartName, Abi>;

type Abis = typeof ABIS;
type View = 'view' | 'pure';

/** Reads views of the pool's parts in the state of one block. */
export type ReadAt = <P extends keyof Abis, F extends ContractFunctionName<Abis[P], View>>(
  part: P,
  functionName: F,
  ...args: ContractFunctionArgs<Abis[P], View, F> extends infer A extends readonly unknown[] ? A : never
) => Promise<ContractFunctionReturnType<Abis[P], View, F>>;

type OutputsOf<P extends keyof Abis, F> = Extract<
  Abis[P][number],
  { readonly type: 'function'; readonly name: F }
>['outputs'][number];

/** The outputs of a view by their Solidity names, whatever their order. */
export type Fields<P extends keyof Abis, F> = {
  readonly [O in OutputsOf<P, F> as O['name']]: AbiParameterToPrimitiveType<O>;
};

/** Reads a view of several outputs (a public struct) by their names. */
export async function readFields<P extends keyof Abis, F extends ContractFunctionName<Abis[P], View>>(
  read: ReadAt,
  part: P,
  functionName: F,
  ...args: Parameters<typeof read<P, F>> extends [unknown, unknown, ...infer A] ? A : never
): Promise<Fields<P, F>> {
  const values = (await read(part, functionName, ...(args as never))) as readonly unknown[];
  const abi: Abi = ABIS[part];
  const { outputs } = abi.find((item): item is AbiFunction => item.type === 'function' && item.name === functionName)!;
  return Object.fromEntries(outputs.map(({ name }, i) => [name, values[i]])) as Fields<P, F>;
}

export function readAt(pool: Pool, blockNumber: bigint): ReadAt {
  return (async (part: keyof Abis, functionName: string, ...args: unknown[]) =>
    pool.publicClient.readContract({
      address: pool.manifest.addresses[part],
      abi: ABIS[part] as Abi,
      functionName,
      args,
      blockNumber,
    })) as ReadAt;
}

/** Calls at once: enough to hide a round trip, few enough for a public node. */
const PARALLEL = 32;

/** Maps numbers from `first` to `last`, a bounded number at a time, in order. */
export async function mapRange<T>(first: number, last: number, task: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let from = first; from <= last; from += PARALLEL) {
    const count = Math.min(PARALLEL, last - from + 1);
    results.push(...(await Promise.all(Array.from({ length: count }, (_, i) => task(from + i)))));
  }
  return results;
}
