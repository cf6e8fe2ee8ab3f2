/**
 * Deposits as the deposit contract and the chain take them (consensus-specs, phase0 `DepositMessage`, `DepositData`,
 * `compute_domain` with DOMAIN_DEPOSIT and a zero root, so that a deposit stays valid over every fork).
 */
import { createHash } from 'node:crypto';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import type { ClusterLock } from './types.ts';

const DOMAIN_DEPOSIT = Uint8Array.of(3, 0, 0, 0);
const CHUNK = 32;
/** The version of the deposit tools whose file format this is. */
const DEPOSIT_FORMAT_VERSION = '2.7.0';

export interface DepositMessage {
  readonly pubkey: Pubkey;
  /** 32 bytes. */
  readonly withdrawalCredentials: Hex;
  /** Gwei, below 2⁶⁴. */
  readonly amount: bigint;
}

/** What a validator signs to deposit. */
export function depositSigningRoot(message: DepositMessage, genesisForkVersion: Hex): Uint8Array {
  const forkDataRoot = hashPair(chunk(fromHex(genesisForkVersion, 4)), new Uint8Array(CHUNK));
  const domain = new Uint8Array(CHUNK);
  domain.set(DOMAIN_DEPOSIT);
  domain.set(forkDataRoot.subarray(0, 28), 4);
  return hashPair(merkleize(messageChunks(message)), domain);
}

/** The root of a deposit without its signature. */
export const depositMessageRoot = (message: DepositMessage): Root => toHex(merkleize(messageChunks(message))) as Root;

/** The `deposit_data_root` that the deposit contract checks. */
export function depositDataRoot(message: DepositMessage, signature: Hex): Root {
  const bytes = fromHex(signature, 96);
  const signatureRoot = merkleize([0, 1, 2].map((i) => bytes.subarray(CHUNK * i, CHUNK * (i + 1))));
  return toHex(merkleize([...messageChunks(message), signatureRoot])) as Root;
}

/** One entry of a deposit file, in the form of the standard deposit tools (hex without `0x`). */
export interface DepositFileEntry {
  readonly pubkey: string;
  readonly withdrawal_credentials: string;
  /** Gwei. */
  readonly amount: number;
  readonly signature: string;
  readonly deposit_message_root: string;
  readonly deposit_data_root: string;
  readonly fork_version: string;
  readonly network_name: string;
  readonly deposit_cli_version: string;
}

/** The deposit files that a lock holds, one for each amount, each with every validator. */
export function depositFiles({ definition, validators }: ClusterLock): readonly (readonly DepositFileEntry[])[] {
  const { withdrawalCredentials, network } = definition;
  return definition.depositAmounts.map((amount, k) =>
    validators.map(({ pubkey, deposits }) => {
      const message = { pubkey, withdrawalCredentials, amount: BigInt(amount) };
      const { signature } = deposits[k]!;
      return {
        pubkey: pubkey.slice(2),
        withdrawal_credentials: withdrawalCredentials.slice(2),
        amount: Number(amount),
        signature: signature.slice(2),
        deposit_message_root: depositMessageRoot(message).slice(2),
        deposit_data_root: depositDataRoot(message, signature).slice(2),
        fork_version: network.genesisForkVersion.slice(2),
        network_name: network.name,
        deposit_cli_version: DEPOSIT_FORMAT_VERSION,
      };
    }),
  );
}

function messageChunks({ pubkey, withdrawalCredentials, amount }: DepositMessage): Uint8Array[] {
  const key = fromHex(pubkey, 48);
  const gwei = new Uint8Array(8);
  new DataView(gwei.buffer).setBigUint64(0, amount, true);
  return [
    hashPair(key.subarray(0, CHUNK), chunk(key.subarray(CHUNK))),
    fromHex(withdrawalCredentials, 32),
    chunk(gwei),
  ];
}

/** The root of up to four chunks. */
function merkleize(chunks: readonly Uint8Array[]): Uint8Array {
  const zero = new Uint8Array(CHUNK);
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => chunks[i] ?? zero);
  return hashPair(hashPair(a!, b!), hashPair(c!, d!));
}

function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(left).update(right).digest());
}

function chunk(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(CHUNK);
  padded.set(bytes);
  return padded;
}
