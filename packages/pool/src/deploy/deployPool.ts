import type { Hex } from '@holdfast/units';
import { sameHex } from '@holdfast/units';
import { getContractAddress, type PublicClient, type WalletClient } from 'viem';
import type { PoolConfig } from '../config/PoolConfig.ts';
import { parsePoolConfig } from '../config/parse.ts';
import { PoolDeployError, PoolReadError, PoolWalletError } from '../errors.ts';
import { poolDeployerAbi, poolDeployerBytecode, poolDeployerRuntime } from '../generated/PoolDeployer.ts';
import type { Pool } from '../Pool.ts';
import { logsIn } from '../read/logs.ts';
import { type ChainFacts, chainFactsOf } from './chainFacts.ts';
import { compareCode } from './expectedCode.ts';
import type { PoolManifest } from './PoolManifest.ts';
import type { PartName } from './parts.ts';
import { type PlannedPart, type PoolPlan, planPool } from './planPool.ts';
import { differingSettings } from './settings.ts';

/**
 * What a deployment has done. Keep `address` of the first one: with it as `resumeFrom` an interrupted deployment goes
 * on. It is told before the transaction is sent, so nothing is lost when the process dies right after.
 */
export type DeployProgress =
  | { readonly step: 'deployer'; readonly address: Hex; readonly state: 'sending' | 'created' | 'found' }
  | {
      readonly step: 'part';
      readonly name: PartName;
      readonly number: number;
      readonly of: number;
      readonly address: Hex;
      readonly state: 'created' | 'found';
    };

export interface DeployPoolParameters {
  readonly publicClient: PublicClient;
  /** With an account. */
  readonly walletClient: WalletClient;
  /** From `readNetworkFacts`. */
  readonly facts: ChainFacts;
  readonly config: PoolConfig;
  /** The `PoolDeployer` of an interrupted deployment by the same account with the same configuration. */
  readonly resumeFrom?: Hex | undefined;
  readonly onProgress?: ((progress: DeployProgress) => void) | undefined;
}

/**
 * Deploys a pool, or goes on with an interrupted deployment; run again when all is there it changes nothing. Every part
 * that is found is compared with the code that this configuration deploys.
 *
 * @throws PoolConfigError, PoolDeployError
 */
export async function deployPool(parameters: DeployPoolParameters): Promise<PoolManifest> {
  const { publicClient, walletClient, onProgress = () => {} } = parameters;
  const config = parsePoolConfig(parameters.config);
  const facts = chainFactsOf(parameters.facts);
  const chainId = await publicClient.getChainId();
  if (chainId !== facts.chainId) {
    throw new PoolDeployError('the RPC is of another chain than the facts', {
      data: { rpc: chainId, facts: facts.chainId },
    });
  }
  const account = walletClient.account?.address;
  if (!account) throw new PoolWalletError();
  const deployer = parameters.resumeFrom ?? (await createDeployer(publicClient, walletClient, onProgress));
  if (parameters.resumeFrom) {
    await checkDeployer(publicClient, deployer, account);
    onProgress({ step: 'deployer', address: deployer, state: 'found' });
  }
  const plan = planPool(config, facts, deployer);
  await createParts({ ...parameters, config, facts, onProgress }, plan);
  const block = await firstPartBlock(publicClient, deployer);
  const manifest: PoolManifest = { version: 1, chainId, deployer, addresses: plan.addresses, block, config, facts };
  await requireSettings({ manifest, publicClient });
  return manifest;
}

const RESUME_FIX = 'Resume with the configuration that the deployment began with, or begin anew';

type Progress = NonNullable<DeployPoolParameters['onProgress']>;

async function createDeployer(
  publicClient: PublicClient,
  walletClient: WalletClient,
  onProgress: Progress,
): Promise<Hex> {
  const account = walletClient.account!;
  const nonce = await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' });
  const address = getContractAddress({ from: account.address, nonce: BigInt(nonce) });
  onProgress({ step: 'deployer', address, state: 'sending' });
  const hash = await walletClient.deployContract({
    abi: poolDeployerAbi,
    bytecode: poolDeployerBytecode,
    account,
    chain: walletClient.chain ?? null,
    nonce,
  });
  await requireSuccess(publicClient, hash, 'the deployer');
  onProgress({ step: 'deployer', address, state: 'created' });
  return address;
}

/** The deployer must be this project's own, and this account's, or the rest cannot be created. */
async function checkDeployer(publicClient: PublicClient, deployer: Hex, account: Hex): Promise<void> {
  const code = await publicClient.getCode({ address: deployer });
  const { start, length, immutables } = poolDeployerRuntime;
  const expected = poolDeployerBytecode.slice(2 + 2 * start, 2 + 2 * (start + length));
  if (code?.length !== 2 + 2 * length || blank(code.slice(2), immutables) !== blank(expected, immutables)) {
    throw new PoolDeployError('there is no PoolDeployer at that address', {
      data: { address: deployer, bytes: (code?.length ?? 2) / 2 - 1 },
      fix: 'Leave out resumeFrom to begin anew',
    });
  }
  const owner = await publicClient.readContract({ address: deployer, abi: poolDeployerAbi, functionName: 'DEPLOYER' });
  if (!sameHex(owner, account)) {
    throw new PoolDeployError('this PoolDeployer belongs to another account', { data: { owner, account } });
  }
}

function blank(code: string, immutables: readonly { readonly start: number; readonly length: number }[]): string {
  let text = code.toLowerCase();
  for (const { start, length } of immutables) {
    text = text.slice(0, 2 * start) + '0'.repeat(2 * length) + text.slice(2 * (start + length));
  }
  return text;
}

async function createParts(
  parameters: DeployPoolParameters & { readonly onProgress: Progress },
  plan: PoolPlan,
): Promise<void> {
  const { publicClient, walletClient, config, facts, onProgress } = parameters;
  const read = { address: plan.deployer, abi: poolDeployerAbi } as const;
  const done = Number(await publicClient.readContract({ ...read, functionName: 'count' }));
  for (const part of plan.parts) {
    const { name, number, address } = part;
    const told = { step: 'part', name, number, of: plan.parts.length, address } as const;
    if (number > done) {
      const hash = await walletClient.writeContract({
        ...read,
        functionName: 'create',
        args: [BigInt(number), part.initCode],
        account: walletClient.account!,
        chain: walletClient.chain ?? null,
      });
      await requireSuccess(publicClient, hash, `part ${number}, ${name}`);
    }
    await requireCode(publicClient, part, { name: config.token.name, chainId: facts.chainId });
    onProgress({ ...told, state: number > done ? 'created' : 'found' });
  }
}

async function requireCode(
  publicClient: PublicClient,
  part: PlannedPart,
  token: { readonly name: string; readonly chainId: number },
): Promise<void> {
  const difference = await compareCode(publicClient, part, token);
  if (difference === null) return;
  throw new PoolDeployError('a part is there, but not as this configuration makes it', {
    data: { part: part.name, address: part.address, ...difference },
    fix: RESUME_FIX,
  });
}

async function requireSettings(pool: Pool): Promise<void> {
  const [first] = await differingSettings(pool, await pool.publicClient.getBlockNumber({ cacheTime: 0 }));
  if (!first) return;
  throw new PoolDeployError('a part is there, but not as this configuration makes it', {
    data: { setting: first.name, expected: first.expected, actual: first.actual },
    fix: RESUME_FIX,
  });
}

async function requireSuccess(publicClient: PublicClient, hash: Hex, what: string): Promise<void> {
  const receipt = await publicClient.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success') throw new PoolDeployError(`creating ${what} failed`, { data: { hash } });
}

/** The block of the pool's first part. */
async function firstPartBlock(publicClient: PublicClient, deployer: Hex): Promise<bigint> {
  const toBlock = await publicClient.getBlockNumber({ cacheTime: 0 });
  const [first] = await logsIn({ publicClient, address: deployer, fromBlock: 0n, toBlock });
  if (!first) throw new PoolReadError('the node has no logs of the deployer', { data: { deployer } });
  return first.blockNumber;
}
