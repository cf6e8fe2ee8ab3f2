/**
 * Deposits as the deposit contract and the chain take them (consensus-specs, phase0 `DepositMessage`, `DepositData`,
 * `compute_domain` with DOMAIN_DEPOSIT and a zero root, so that a deposit stays valid over every fork).
 */
import { createHash } from 'node:crypto';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';

const DOMAIN_DEPOSIT = Uint8Array.of(3, 0, 0, 0);
const CHUNK = 32;

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

/** The `deposit_data_root` that the deposit contract checks. */
export function depositDataRoot(message: DepositMessage, signature: Hex): Root {
  const bytes = fromHex(signature, 96);
  const signatureRoot = merkleize([0, 1, 2].map((i) => bytes.subarray(CHUNK * i, CHUNK * (i + 1))));
  return toHex(merkleize([...messageChunks(message), signatureRoot])) as Root;
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
