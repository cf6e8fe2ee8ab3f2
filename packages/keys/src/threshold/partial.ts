import { aggregateWithRandomness, SecretKey, Signature, verify } from '@chainsafe/blst';
import { SIGNATURE_BYTES } from '../bls/bls.ts';
import { KeysSecretError } from '../errors.ts';
import type { ThresholdKey } from './key.ts';
import { isScalar, type Scalar } from './scalar.ts';
import type { ShareIndex } from './scheme.ts';

/** One node's part of a signature: an ordinary BLS signature by its share. */
export interface PartialSignature {
  readonly index: ShareIndex;
  /** 96 bytes, compressed. */
  readonly signature: Uint8Array;
}

/** Signs a signing root (32 bytes) with a share. Any BLS signer that holds the share gives the same bytes. */
export function partialSign(share: Scalar, signingRoot: Uint8Array): Uint8Array {
  if (!isScalar(share)) throw new KeysSecretError({ data: { what: 'share' } });
  return SecretKey.fromBytes(share).sign(signingRoot).toBytes();
}

/** Whether a partial signature is by the share that it names. Garbage of any kind is `false`. */
export function verifyPartial(key: ThresholdKey, signingRoot: Uint8Array, partial: PartialSignature): boolean {
  const pubkey = key.sharePubkeys[partial.index - 1];
  const signature = decodeSignature(partial.signature, true);
  return pubkey !== undefined && signature !== undefined && verify(signingRoot, pubkey, signature);
}

/** One message and the partial signatures over it. */
export interface PartialBatch {
  readonly key: ThresholdKey;
  readonly signingRoot: Uint8Array;
  readonly partials: readonly PartialSignature[];
}

/**
 * The indices whose partial signatures are bad, in the order of `partials`. All together cost about one verification when
 * all are good: signatures and keys are added up with 64 random bits each, so that bad ones cannot cancel out.
 */
export function badPartials({ key, signingRoot, partials }: PartialBatch): ShareIndex[] {
  const sets = partials.flatMap(({ index, signature }) => {
    const pk = key.sharePubkeys[index - 1];
    return pk && signature.length === SIGNATURE_BYTES ? [{ pk, sig: signature }] : [];
  });
  if (sets.length === partials.length && allVerify(signingRoot, sets)) return [];
  return partials.filter((partial) => !verifyPartial(key, signingRoot, partial)).map(({ index }) => index);
}

function allVerify(signingRoot: Uint8Array, sets: Parameters<typeof aggregateWithRandomness>[0]): boolean {
  if (sets.length === 0) return true;
  try {
    const { pk, sig } = aggregateWithRandomness(sets);
    return verify(signingRoot, pk, sig);
  } catch {
    return false;
  }
}

/** A signature from its compressed bytes, or nothing. `inSubgroup` costs a check that a later one may make needless. */
export function decodeSignature(bytes: Uint8Array, inSubgroup: boolean): Signature | undefined {
  if (bytes.length !== SIGNATURE_BYTES) return undefined;
  try {
    return Signature.fromBytes(bytes, inSubgroup, true);
  } catch {
    return undefined;
  }
}
