import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEdrExecution, devAccounts } from '@holdfast/devnet';
import type { Hex } from '@holdfast/units';
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData, getContractAddress } from 'viem';
import type { AbiItem } from '../../build/artifact.ts';
import { compile } from '../../build/compile.ts';
import { CONTRACTS_DIR } from '../../build/sources.ts';
import { errorNames } from './mutations.ts';

const GENESIS_TIME = 1_700_000_000;
const ZERO_ROOT: Hex = `0x${'00'.repeat(32)}`;
/** EIP-7825: no call gets more. */
const CALL_GAS = 16_777_216n;

export interface Deployed {
  readonly address: Hex;
  readonly abi: Abi;
}

/** An Ethereum without a beacon chain: blocks carry whatever parent beacon root the test gives. */
export interface Chain {
  deploy(name: string, args: readonly unknown[]): Promise<Deployed>;
  /** The name of the error with which a constructor refuses. */
  deployError(name: string, args: readonly unknown[]): Promise<string>;
  /** Seals a block whose EIP-4788 root is `root`, and gives its timestamp. */
  sealWithRoot(root: Hex): Promise<number>;
  /** Calls a function and gives its decoded result. Rejects with the node's error when it reverts. */
  read<T>(contract: Deployed, functionName: string, args: readonly unknown[]): Promise<T>;
  /** The name of the error with which a call reverts; another text when it is no error of ours. */
  errorName(contract: Deployed, functionName: string, args: readonly unknown[], from?: Hex): Promise<string>;
  send(contract: Deployed, functionName: string, args: readonly unknown[], from: Hex): Promise<void>;
  readonly accounts: readonly Hex[];
}

/**
 * @param units Solidity units under `test/` by contract name. They are compiled as what is deployed is compiled (IR,
 * optimizer), so that measured gas is the gas of production code.
 */
export async function startChain(units: Readonly<Record<string, string>>, names: readonly string[]): Promise<Chain> {
  const artifacts = await compileRelease(units, names);
  const execution = await createEdrExecution({ genesisTime: GENESIS_TIME, gasLimit: 1_000_000_000n });
  const errors = errorNames(...Object.values(artifacts).map(({ abi }) => abi));
  const accounts = devAccounts(3).map(({ address }) => address);
  const deployer = accounts[0]!;
  let timestamp = GENESIS_TIME;
  let nonce = 0n;

  const sealWithRoot = async (root: Hex): Promise<number> => {
    timestamp += 12;
    await execution.seal({
      timestamp,
      prevRandao: ZERO_ROOT,
      feeRecipient: `0x${'11'.repeat(20)}`,
      parentBeaconBlockRoot: root,
      withdrawals: [],
    });
    return timestamp;
  };
  const call = (contract: Deployed, functionName: string, args: readonly unknown[], from = deployer) =>
    execution.rpc('eth_call', [
      {
        from,
        to: contract.address,
        data: encodeFunctionData({ abi: contract.abi, functionName, args }),
        gas: `0x${CALL_GAS.toString(16)}`,
        gasPrice: '0x0',
      },
      'latest',
    ]);
  const transact = async (from: Hex, to: Hex | undefined, data: Hex): Promise<void> => {
    const gas = '0xf42400';
    const hash = await execution.rpc('eth_sendTransaction', [{ from, ...(to === undefined ? {} : { to }), data, gas }]);
    await sealWithRoot(ZERO_ROOT);
    const receipt = (await execution.rpc('eth_getTransactionReceipt', [hash])) as { status: Hex };
    if (receipt.status !== '0x1') throw new Error(`a test transaction failed: ${String(hash)}`);
  };

  return {
    accounts,
    sealWithRoot,
    async deploy(name, args) {
      const { abi, bytecode } = artifacts[name]!;
      const address = getContractAddress({ from: deployer, nonce });
      await transact(deployer, undefined, encodeDeployData({ abi, bytecode, args }));
      nonce += 1n;
      return { address, abi };
    },
    async deployError(name, args) {
      const { abi, bytecode } = artifacts[name]!;
      const data = encodeDeployData({ abi, bytecode, args });
      try {
        await execution.rpc('eth_call', [{ from: deployer, data }, 'latest']);
      } catch (error) {
        return errorIn(error, errors);
      }
      throw new Error(`${name} was expected to refuse its arguments`);
    },
    async read<T>(contract: Deployed, functionName: string, args: readonly unknown[]): Promise<T> {
      const data = (await call(contract, functionName, args)) as Hex;
      return decodeFunctionResult({ abi: contract.abi, functionName, data }) as T;
    },
    async errorName(contract, functionName, args, from) {
      try {
        await call(contract, functionName, args, from);
      } catch (error) {
        return errorIn(error, errors);
      }
      throw new Error(`${functionName} was expected to revert`);
    },
    send: (contract, functionName, args, from) =>
      transact(from, contract.address, encodeFunctionData({ abi: contract.abi, functionName, args })),
  };
}

/** Which of our errors a failed call reverted with. Anything but a revert is not the test's to explain. */
function errorIn(failure: unknown, errors: ReadonlyMap<string, string>): string {
  const { rpcData } = failure as { rpcData?: unknown };
  if (typeof rpcData !== 'string') throw failure;
  return errors.get(rpcData.slice(0, 10)) ?? `none of ours (${rpcData.slice(0, 10)})`;
}

interface Compiled {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

async function compileRelease(
  units: Readonly<Record<string, string>>,
  names: readonly string[],
): Promise<Record<string, Compiled>> {
  // A unit outside of `test/` is compiled like what is deployed; `bench/` lies as deep, so relative imports still hold.
  const sources: Record<string, string> = {};
  for (const path of Object.values(units)) {
    sources[path.replace(/^test\//, 'bench/')] = readFileSync(join(CONTRACTS_DIR, path), 'utf8');
  }
  const { contracts } = await compile({ only: [...names, ...Object.keys(sources)], sources });
  const wanted = [...names, ...Object.keys(units)];
  return Object.fromEntries(
    wanted.map((name) => {
      const { abi, bytecode } = contracts[name]!;
      return [name, { abi: abi as readonly AbiItem[] as Abi, bytecode }];
    }),
  );
}
