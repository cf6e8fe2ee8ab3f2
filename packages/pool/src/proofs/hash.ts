import { hashPair, pubkeyRoot } from '@holdfast/beacon';
import { asPubkey, asRoot, fromHex, type Hex, type Root, toHex } from '@holdfast/units';

const zeros = (bytes: number): string => '00'.repeat(bytes);

/** A uint64 as an SSZ leaf: little-endian in the first eight bytes. */
function uint64Leaf(value: bigint): Root {
  const leaf = new Uint8Array(32);
  new DataView(leaf.buffer).setBigUint64(0, value, true);
  return toHex(leaf) as Root;
}

/** hash_tree_root of a `BLSSignature`: three leaves, of which one is padded in. */
function signatureRoot(signature: Hex): Root {
  const digits = toHex(fromHex(signature, 96)).slice(2);
  const leaf = (i: number): Root => asRoot(`0x${digits.slice(64 * i, 64 * i + 64)}`);
  return hashPair(hashPair(leaf(0), leaf(1)), hashPair(leaf(2), asRoot(`0x${zeros(32)}`)));
}

/** consensus-specs `DepositData`; `amount` in gwei. */
export interface DepositDataFields {
  readonly pubkey: Hex;
  readonly withdrawalCredentials: Hex;
  readonly amount: bigint;
  readonly signature: Hex;
}

/** hash_tree_root of `DepositData`: the deposit contract asks for it, so that a garbled deposit reverts. */
export function depositDataRoot(deposit: DepositDataFields): Root {
  return hashPair(
    hashPair(pubkeyRoot(asPubkey(deposit.pubkey)), asRoot(deposit.withdrawalCredentials)),
    hashPair(uint64Leaf(deposit.amount), signatureRoot(deposit.signature)),
  );
}

/** The `0x02` (compounding, EIP-7251) withdrawal credentials of an address. */
export const compoundingCredentials = (address: Hex): Root =>
  asRoot(`0x02${zeros(11)}${toHex(fromHex(address, 20)).slice(2)}`);
