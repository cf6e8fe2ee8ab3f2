import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  byzantineThreshold,
  type ClusterDefinition,
  type ClusterLock,
  definitionTypedData,
  formatLock,
  LOCK_VERSION,
  type LockContent,
  operatorTypedData,
  publicKeyOf,
  sealLock,
  signLock,
  splitKey,
  thresholdScheme,
} from '@holdfast/keys';
import { createIdentityFile, type NodeIdentity } from '@holdfast/node';
import { vaultCredentials } from '@holdfast/signer';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import type { Context } from '../../../context.ts';
import { freePorts } from '../../../net/ports.ts';
import { writeDurably } from '../../../secrets/files.ts';
import { IDENTITY_FILE, LOCK_FILE } from '../../cluster/files.ts';
import { signAsOperator } from '../../cluster/signing.ts';
import { writeRecord } from '../../node/record.ts';
import { keystoreKeeper } from '../../node/shares.ts';
import type { Operator } from '../cast.ts';
import { type NodeSetup, SETUP_FILE } from './protocol.ts';

export const NODES = 4;
const ZERO_ROOT = `0x${'00'.repeat(32)}` as Root;

/** A cluster's lock, and the directory of each of its nodes. */
export interface Dealt {
  readonly lock: ClusterLock;
  readonly directories: readonly string[];
}

/**
 * Makes a cluster of an operator's keys, which exist already: they are split, where new ones would come from a ceremony
 * (`holdfast dkg`) that never has them whole. The directories are those of `holdfast node`.
 */
export async function dealCluster(
  operator: Operator,
  parent: string,
  setup: NodeSetup,
  context: Context,
): Promise<Dealt> {
  const scheme = thresholdScheme(byzantineThreshold(NODES), NODES);
  const directories = Array.from({ length: NODES }, (_, at) => join(parent, `node-${at + 1}`));
  for (const directory of directories) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const identities = await Promise.all(
    directories.map((directory) => createIdentityFile(join(directory, IDENTITY_FILE))),
  );
  const definition = await define(operator, identities, scheme.threshold, setup);
  const split = operator.secretKeys
    .map((key) => fromHex(key, 32))
    .map((secret) => ({ pubkey: publicKeyOf(secret), ...splitKey(secret, scheme, (length) => randomBytes(length)) }));
  const content: LockContent = {
    version: LOCK_VERSION,
    definition,
    operatorSignatures: await signatures(operator, definition),
    validators: split.map(({ pubkey, sharePubkeys }) => ({
      pubkey,
      sharePubkeys: sharePubkeys.map((share) => toHex(share) as Pubkey),
      deposits: [],
    })),
    transcriptHash: ZERO_ROOT,
  };
  const sharesOf = (at: number): Uint8Array[] => split.map(({ shares }) => shares[at]!);
  const parts = directories.map((_, at) => ({ index: at + 1, signature: signLock(sharesOf(at), content) }));
  const lock = sealLock(content, parts);
  for (const [at, directory] of directories.entries()) {
    writeDurably(join(directory, LOCK_FILE), formatLock(lock));
    writeDurably(join(directory, SETUP_FILE), `${JSON.stringify(setup, null, 2)}\n`);
    await keystoreKeeper(directory, undefined, context).save(lock, at + 1, sharesOf(at));
    const startedAt = new Date().toISOString();
    writeRecord(directory, { version: 1, lockHash: lock.lockHash, origin: 'hand', seal: null, startedAt });
  }
  for (const { shares } of split) for (const share of shares) share.fill(0);
  return { lock, directories };
}

async function define(
  { name, account, secretKeys }: Operator,
  identities: readonly NodeIdentity[],
  threshold: number,
  { network, vault }: NodeSetup,
): Promise<ClusterDefinition> {
  const ports = await freePorts(identities.length);
  const address = account.address.toLowerCase() as Hex;
  return {
    name,
    nonce: toHex(createHash('sha256').update(`${name} ${network.genesisValidatorsRoot}`).digest()) as Root,
    network: {
      name: network.name,
      genesisForkVersion: network.genesisForkVersion,
      genesisValidatorsRoot: network.genesisValidatorsRoot,
    },
    withdrawalCredentials: vaultCredentials(vault, '0x02'),
    feeRecipient: vault.toLowerCase() as Hex,
    threshold,
    validators: secretKeys.length,
    depositAmounts: [],
    operators: identities.map(({ privateKey }, at) => ({
      address,
      identity: toHex(privateKey.publicKey.raw),
      multiaddrs: [`/ip4/127.0.0.1/tcp/${ports[at]}`],
    })),
    generation: 0,
    previousLockHash: ZERO_ROOT,
  };
}

/** One operator runs all of its cluster's nodes. */
async function signatures({ account }: Operator, definition: ClusterDefinition) {
  const signer = privateKeyToAccount(account.privateKey);
  const whole = await signAsOperator(signer, definitionTypedData(definition));
  return Promise.all(
    definition.operators.map(async (_, at) => ({
      entry: await signAsOperator(signer, operatorTypedData(definition, at + 1)),
      definition: whole,
    })),
  );
}
