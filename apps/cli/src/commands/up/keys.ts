import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteSigner, type DepositData, type Devnet, makeDepositData, signDepositData } from '@holdfast/devnet';
import { publicKeyOf } from '@holdfast/keys';
import type { PoolManifest } from '@holdfast/pool';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { writeWhole } from '../deploy/journal.ts';
import type { SignerNetwork } from '../signer/networks.ts';
import type { Cast, Operator } from './cast.ts';
import { SignerProcess } from './SignerProcess.ts';

/** Who holds an operator's keys. */
export interface OperatorKeys {
  readonly pubkeys: readonly Pubkey[];
  signDeposit(pubkey: Pubkey, withdrawalCredentials: Hex, amount: bigint): Promise<DepositData>;
}

/** In the devnet, which signs with them. */
export function keysInDevnet(devnet: Devnet, { secretKeys }: Operator): OperatorKeys {
  const secretOf = new Map(secretKeys.map((secretKey) => [publicKeyOf(fromHex(secretKey, 32)), secretKey]));
  return {
    pubkeys: devnet.addKeys(secretKeys),
    signDeposit: async (pubkey, withdrawalCredentials, amount) =>
      makeDepositData({ secretKey: secretOf.get(pubkey)!, withdrawalCredentials, amount }),
  };
}

/** In a signer, which the devnet asks. */
async function keysInSigner(devnet: Devnet, { secretKeys }: Operator, process: SignerProcess): Promise<OperatorKeys> {
  const pubkeys = await process.import(secretKeys);
  const signer = createRemoteSigner({ url: process.url });
  await devnet.signThrough(signer, pubkeys);
  return {
    pubkeys,
    signDeposit: (pubkey, withdrawalCredentials, amount) =>
      signDepositData({ signer, pubkey, withdrawalCredentials, amount }),
  };
}

export interface Signers {
  readonly processes: readonly SignerProcess[];
  /** By operator's name. */
  readonly keys: ReadonlyMap<string, OperatorKeys>;
}

/** A signer for each operator, bound to the pool, with its keys in it; `stack` stops them. */
export async function startSigners(
  devnet: Devnet,
  { operators }: Cast,
  manifest: PoolManifest,
  dataDir: string,
  stack: AsyncDisposableStack,
): Promise<Signers> {
  // Each run has a chain of its own, and the memory of another chain's duties would refuse this one's.
  const directory = join(dataDir, `signers-${devnet.genesisTime}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const networkFile = join(directory, 'network.json');
  writeWhole(networkFile, `${JSON.stringify(networkOf(devnet), null, 2)}\n`);
  const { vault } = manifest.addresses;
  const started = await Promise.allSettled(
    operators.map(({ name }) =>
      SignerProcess.start({ operator: name, directory: join(directory, name.toLowerCase()), networkFile, vault }),
    ),
  );
  const processes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  for (const process of processes) stack.defer(() => process.stop());
  // Before they stop, so that the last slot finds them there.
  stack.defer(() => devnet.stop());
  for (const each of started) if (each.status === 'rejected') throw each.reason;
  const entries = operators.map(
    async (operator, i) => [operator.name, await keysInSigner(devnet, operator, processes[i]!)] as const,
  );
  return { processes, keys: new Map(await Promise.all(entries)) };
}

/** What a signer or a node must know of the chain, as their `--network` takes it. */
export function networkOf({ config, genesisTime }: Devnet): SignerNetwork {
  return {
    name: 'holdfast-devnet',
    preset: 'minimal',
    genesisValidatorsRoot: toHex(config.genesisValidatorsRoot) as Root,
    genesisForkVersion: toHex(config.GENESIS_FORK_VERSION),
    capellaForkVersion: toHex(config.CAPELLA_FORK_VERSION),
    genesisTime,
    secondsPerSlot: config.SLOT_DURATION_MS / 1000,
    slotsPerEpoch: 8,
  };
}
