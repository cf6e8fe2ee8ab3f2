import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BeaconClient } from '@holdfast/beacon';
import { type CheckedDeposit, checkDeposit, DepositError } from '@holdfast/keys';
import { compoundingCredentials } from '@holdfast/pool';
import { GWEI_PER_ETH } from '@holdfast/units';
import { CliFileError, CliUsageError } from '../../errors.ts';
import type { PredepositOptions } from './command.ts';
import type { ActingPool } from './pool.ts';

/** 10,000 entries come to 9 MB. */
const BYTES_MAX = 16 * 2 ** 20;

/**
 * The deposits of a file, by public key, each as the pool takes it.
 *
 * @throws CliFileError when it is no deposit file; DepositError naming the key and the field that is not right
 */
export async function readDeposits(
  options: PredepositOptions,
  { manifest, cwd }: ActingPool,
): Promise<ReadonlyMap<string, CheckedDeposit>> {
  const path = resolve(cwd, options.arguments[0]);
  const entries = entriesIn(path);
  const genesis = await new BeaconClient({ urls: options.beaconUrl }).genesis();
  if (genesis.genesisValidatorsRoot !== manifest.facts.genesisValidatorsRoot) {
    throw new CliUsageError('the beacon node is on another chain than the pool', {
      data: { pool: manifest.facts.genesisValidatorsRoot, node: genesis.genesisValidatorsRoot },
    });
  }
  const terms = {
    withdrawalCredentials: compoundingCredentials(manifest.addresses.vault),
    amount: GWEI_PER_ETH,
    genesisForkVersion: genesis.genesisForkVersion,
  };
  const deposits = new Map<string, CheckedDeposit>();
  for (const entry of entries) {
    const deposit = checkDeposit(entry, terms);
    if (deposits.has(deposit.pubkey)) {
      throw new DepositError('pubkey', 'stands in the file twice', { data: { pubkey: deposit.pubkey } });
    }
    deposits.set(deposit.pubkey, deposit);
  }
  return deposits;
}

function entriesIn(path: string): readonly unknown[] {
  let value: unknown;
  try {
    const text = readFileSync(path, 'utf8');
    value = text.length > BYTES_MAX ? null : JSON.parse(text);
  } catch (cause) {
    throw new CliFileError('the deposit file cannot be read as JSON', { data: { path }, cause });
  }
  if (Array.isArray(value) && value.length > 0) return value;
  throw new CliFileError('this is no deposit file: it must be a list of deposits', { data: { path } });
}

/**
 * The first deposit of a key decides whose it is: where somebody else's came first, the pool rejects the key, and the
 * 1 ETH is his.
 *
 * @throws DepositError naming a key that the beacon chain knows
 */
export async function requireFresh(
  { beaconUrl }: PredepositOptions,
  deposits: readonly CheckedDeposit[],
): Promise<void> {
  if (deposits.length === 0) return;
  const beacon = new BeaconClient({ urls: beaconUrl });
  const ids = deposits.map(({ pubkey }) => pubkey);
  const wanted = new Set<string>(ids);
  const [validators, pending] = await Promise.all([beacon.validators('head', { ids }), beacon.pendingDeposits('head')]);
  const known = [
    ...validators.map(({ validator }) => ({ pubkey: validator.pubkey, credentials: validator.withdrawalCredentials })),
    ...pending.map(({ pubkey, withdrawalCredentials }) => ({ pubkey, credentials: withdrawalCredentials })),
  ].find(({ pubkey }) => wanted.has(pubkey));
  if (!known) return;
  throw new DepositError('pubkey', 'has a deposit on the beacon chain already', {
    data: { pubkey: known.pubkey, withdrawalCredentials: known.credentials },
    fix: 'Make another key; whose deposit came first is whose the key is',
  });
}
