import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { byzantineThreshold, type ClusterNetwork, type ClusterOperator } from '@holdfast/keys';
import { vaultCredentials } from '@holdfast/signer';
import { type Hex, type Root, toHex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { readManifestFile } from '../../manifest.ts';
import type { SignerNetwork } from '../signer/networks.ts';
import type { CreateOptions } from './command.ts';
import { type Draft, draftText, unsigned } from './draft.ts';
import { writeNew } from './files.ts';
import { tellDraft } from './tell.ts';

const ZERO_ROOT = `0x${'00'.repeat(32)}` as Root;
const GWEI_PER_ETH = 1_000_000_000n;

export async function runCreate(options: CreateOptions, context: Context): Promise<ExitCode> {
  const path = resolve(context.io.cwd, options.out);
  const operators = operatorsOf(options);
  const vault = vaultOf(options, context);
  const draft: Draft = {
    definition: {
      name: options.name ?? 'holdfast',
      nonce: newNonce(),
      network: await networkOf(options, context),
      withdrawalCredentials: vaultCredentials(vault, options.credentials === '01' ? '0x01' : '0x02'),
      feeRecipient: lower(options.feeRecipient ?? vault),
      threshold: options.threshold ?? byzantineThreshold(operators.length),
      validators: options.validators,
      depositAmounts: (options.depositEth ?? [1]).map((eth) => String(BigInt(eth) * GWEI_PER_ETH)),
      operators,
      generation: 0,
      previousLockHash: ZERO_ROOT,
    },
    operatorSignatures: operators.map(() => unsigned),
  };
  requireMajority(draft.definition.threshold, operators.length);
  writeNew(path, draftText(draft));
  tellDraft(draft, path, context);
  context.say('\nSend it round: each operator runs `holdfast cluster join` on it.\n');
  return EXIT.ok;
}

export const newNonce = (): Root => toHex(randomBytes(32)) as Root;

export const lower = (address: Hex): Hex => address.toLowerCase() as Hex;

export const newOperator = (address: Hex): Omit<ClusterOperator, 'identity'> & { readonly identity: null } => ({
  address: lower(address),
  identity: null,
  multiaddrs: [],
});

/** @throws CliUsageError where two halves of the cluster could sign against each other, or it is not possible at all */
export function requireMajority(threshold: number, nodes: number): void {
  if (threshold <= nodes && 2 * threshold > nodes) return;
  throw new CliUsageError(`a threshold of ${threshold} does not suit ${nodes} nodes`, {
    data: { threshold, nodes },
    fix: `Take ${byzantineThreshold(nodes)}, or leave --threshold out`,
  });
}

function operatorsOf({ operator, nodes }: CreateOptions) {
  const given = operator ?? [];
  const count = nodes ?? given.length;
  if (given.length === count && count > 0) return given.map(newOperator);
  // One operator may run all of a cluster's nodes.
  if (given.length === 1 && count > 1) return Array.from({ length: count }, () => newOperator(given[0]!));
  throw new CliUsageError('the operators of the cluster are not known', {
    data: { operators: given.length, nodes: count },
    fix: 'Give --operator ADDRESS for each node, in order; or one, and --nodes, when one operator runs all of them',
  });
}

function vaultOf({ vault, pool }: CreateOptions, context: Context): Hex {
  if (vault !== undefined) return vault;
  if (pool !== undefined) return readManifestFile(resolve(context.io.cwd, pool)).addresses.vault;
  throw new CliUsageError('where the ether goes back to is not known', {
    fix: "Give --pool with the pool's manifest, or --vault ADDRESS",
  });
}

async function networkOf(options: CreateOptions, context: Context): Promise<ClusterNetwork> {
  const { network, beaconUrl, genesisRoot, genesisForkVersion } = options;
  if (genesisRoot !== undefined && genesisForkVersion !== undefined) {
    return {
      name: network ?? 'unnamed',
      genesisForkVersion: lower(genesisForkVersion),
      genesisValidatorsRoot: lower(genesisRoot) as Root,
    };
  }
  if (genesisRoot !== undefined || genesisForkVersion !== undefined) {
    throw new CliUsageError('--genesis-root and --genesis-fork-version go together');
  }
  const { networkNamed } = await import('../signer/home.ts');
  if (network !== undefined) return narrowed(networkNamed(network, context.io));
  if (beaconUrl === undefined) {
    throw new CliUsageError('the network is not known', {
      fix: 'Give --network (mainnet, hoodi, …), --beacon-url, or --genesis-root and --genesis-fork-version',
    });
  }
  const { networkOfNode } = await import('../signer/beacon.ts');
  return narrowed(await networkOfNode(beaconUrl));
}

const narrowed = ({ name, genesisForkVersion, genesisValidatorsRoot }: SignerNetwork): ClusterNetwork => ({
  name,
  genesisForkVersion,
  genesisValidatorsRoot,
});
