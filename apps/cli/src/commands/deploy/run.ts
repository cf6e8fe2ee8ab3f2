import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type DeployProgress,
  deployPool,
  type NetworkFacts,
  PART_NAMES,
  type PoolConfig,
  type PoolManifest,
  parsePoolConfig,
  planPool,
  readNetworkFacts,
  stringifyManifest,
  stringifyPoolConfig,
} from '@holdfast/pool';
import { type Hex, sameHex } from '@holdfast/units';
import { type Account, getContractAddress } from 'viem';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { readManifestFile } from '../../manifest.ts';
import { type Clients, connect } from '../../net/clients.ts';
import { requireNetwork } from '../../options/common.ts';
import { readAccount } from '../../secrets/account.ts';
import { unlessStopped } from '../../stop.ts';
import { pairs } from '../../ui/table.ts';
import type { DeployCommandOptions } from './command.ts';
import { type PresetName, presetConfig, readPoolConfig } from './config.ts';
import { dropJournal, type Journal, readJournal, writeJournal, writeWhole } from './journal.ts';
import { settledDeployer } from './resume.ts';

/** Only a network with slots and epochs this short takes a pool without a configuration that somebody read. */
const DEVNET_SLOTS_PER_EPOCH = 8n;

export async function printConfig(
  preset: PresetName,
  options: DeployCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const facts = options.beaconUrl === undefined ? undefined : await readNetworkFacts(await clientsOf(options));
  if (!facts)
    context.warn("without --rpc-url and --beacon-url the network's stake is a round figure: give them, or edit it");
  context.io.out(`${stringifyPoolConfig(presetConfig(preset, facts))}\n`);
  return EXIT.ok;
}

export async function runDeploy(options: DeployCommandOptions, context: Context): Promise<ExitCode> {
  const path = resolve(context.io.cwd, options.manifest);
  const account = readAccount(options, context.io, context.warn);
  const clients = await clientsOf(options);
  const facts = await context.progress.step('Reading the network', () => readNetworkFacts(clients));
  const before = beginning(path, options);
  const config = configFor(options, before, facts);
  const journal: Omit<Journal, 'deployer'> = { chainId: facts.chainId, account: account.address, config };
  requireSame(before, journal, path);
  const resumeFrom = before && (await settledDeployer(clients.publicClient, before.deployer, account.address));
  const deployer = resumeFrom ?? (await nextDeployer(clients, account));
  tellPlan(context, config, facts, deployer);
  if (options.dryRun) return EXIT.ok;
  const manifest = await context.progress.step(`Deploying with ${account.address}`, (detail) =>
    unlessStopped(
      deployPool({
        publicClient: clients.publicClient,
        walletClient: clients.wallet(account),
        facts,
        config,
        resumeFrom: resumeFrom ?? undefined,
        onProgress: (progress) => {
          if (progress.step === 'deployer' && progress.state === 'sending') {
            writeJournal(path, { ...journal, deployer: progress.address });
          }
          detail(describe(progress));
          context.tell({ event: 'progress', ...progress });
        },
      }),
      context.signal,
    ),
  );
  writeWhole(path, stringifyManifest(manifest));
  dropJournal(path);
  context.tell({ event: 'deployed', manifest: path, ...JSON.parse(stringifyManifest(manifest)) });
  context.say(`Deployed. Everything about the pool is in ${path}\n`);
  return EXIT.ok;
}

function clientsOf(options: DeployCommandOptions): Promise<Clients> {
  const { rpcUrl, beaconUrls } = requireNetwork(options);
  return connect(rpcUrl, beaconUrls);
}

/** What an earlier run left, which only `--resume` may go on from. */
function beginning(
  path: string,
  { resume }: DeployCommandOptions,
): (Partial<Journal> & Pick<Journal, 'deployer'>) | null {
  const whole: PoolManifest | null = existsSync(path) ? readManifestFile(path) : null;
  const journal = whole ?? readJournal(path);
  if (!resume && journal) {
    throw new CliUsageError(whole ? 'the manifest exists already' : 'a deployment was interrupted here', {
      data: { manifest: path },
      fix: 'Go on with --resume, or name another --manifest',
    });
  }
  if (resume && !journal) {
    throw new CliUsageError('there is no deployment to resume here', {
      data: { manifest: path },
      fix: 'Name the --manifest that the interrupted run was to write, or leave --resume out',
    });
  }
  return journal;
}

function configFor(options: DeployCommandOptions, before: Partial<Journal> | null, facts: NetworkFacts): PoolConfig {
  if (options.config !== undefined) return readPoolConfig(options.config);
  if (before?.config) return parsePoolConfig(before.config);
  if (facts.clock.slotsPerEpoch === DEVNET_SLOTS_PER_EPOCH) return presetConfig('devnet', facts);
  throw new CliUsageError('no --config was given', {
    fix: '`holdfast deploy --print-config mainnet` prints one to read and edit: it is fixed for ever',
  });
}

/** Going on with another chain, account or configuration would fail half way: say so first. */
function requireSame(before: Partial<Journal> | null, now: Omit<Journal, 'deployer'>, path: string): void {
  if (!before) return;
  const differs = (name: string, was: unknown, is: unknown): void => {
    throw new CliUsageError(`the interrupted deployment was with another ${name}`, {
      data: { manifest: path, was, is },
      fix: 'Resume with what it began with, or begin anew with another --manifest',
    });
  };
  if (before.chainId !== now.chainId) differs('chain', before.chainId, now.chainId);
  if (before.account && !sameHex(before.account, now.account)) differs('account', before.account, now.account);
  if (before.config && stringifyPoolConfig(before.config) !== stringifyPoolConfig(now.config)) {
    throw new CliUsageError('the interrupted deployment was with another configuration', {
      data: { manifest: path },
      fix: 'Leave --config out to go on with the one it began with',
    });
  }
}

async function nextDeployer({ publicClient }: Clients, { address }: Account): Promise<Hex> {
  const nonce = await publicClient.getTransactionCount({ address, blockTag: 'pending' });
  return getContractAddress({ from: address, nonce: BigInt(nonce) });
}

function tellPlan(context: Context, config: PoolConfig, facts: NetworkFacts, deployer: Hex): void {
  const { addresses, parts } = planPool(config, facts, deployer);
  const bytes = parts.reduce((sum, { initCode }) => sum + initCode.length / 2 - 1, 0);
  context.tell({ event: 'planned', chainId: facts.chainId, deployer, addresses });
  context.say(`\nChain ${facts.chainId}, ${parts.length} parts, ${bytes} bytes of creation code. Addresses:\n`);
  context.say(`${pairs([['deployer', deployer], ...PART_NAMES.map((name) => [name, addresses[name]] as const)])}\n`);
}

const describe = (progress: DeployProgress): string =>
  progress.step === 'deployer'
    ? `deployer ${progress.state}`
    : `${progress.number}/${progress.of} ${progress.name} ${progress.state}`;
