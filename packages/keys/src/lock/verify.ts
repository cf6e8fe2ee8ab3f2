import {
  aggregatePublicKeys,
  type PublicKey,
  Signature,
  type SignatureSet,
  verify,
  verifyMultipleAggregateSignatures,
} from '@chainsafe/blst';
import { fromHex, HoldfastError } from '@holdfast/units';
import { loadThresholdKey, type ThresholdKey } from '../threshold/key.ts';
import { type ThresholdScheme, thresholdScheme } from '../threshold/scheme.ts';
import { depositSigningRoot } from './deposit.ts';
import { LockError } from './errors.ts';
import { changedFields, lockHash } from './hash.ts';
import { nodePubkey } from './seal.ts';
import { definitionTypedData, operatorTypedData, type VerifyOperatorSignature } from './typed-data.ts';
import type { ClusterDefinition, ClusterLock, OperatorSignatures } from './types.ts';

/** A lock that was found true, with its keys decoded: what a node runs on. */
export interface VerifiedLock {
  readonly lock: ClusterLock;
  readonly scheme: ThresholdScheme;
  /** In the order of `lock.validators`. */
  readonly keys: readonly ThresholdKey[];
  /** Nodes whose shares did not sign the lock: they were absent at the end of the ceremony. */
  readonly absent: readonly number[];
}

/**
 * Verifies everything that a lock claims: its hash, the operators' signatures, that each validator's shares make up its
 * key, the signed deposits, and the aggregate signature by the shares.
 *
 * @throws LockError naming the first field that is wrong
 */
export async function verifyLock(lock: ClusterLock, verifyOperator: VerifyOperatorSignature): Promise<VerifiedLock> {
  checkHash(lock);
  await verifyOperators(lock.definition, lock.operatorSignatures, verifyOperator);
  const scheme = thresholdScheme(lock.definition.threshold, lock.definition.operators.length);
  const keys = lock.validators.map((_, i) => loadKey(lock, scheme, i));
  checkDistinct(lock);
  checkDeposits(lock, keys);
  checkAggregate(lock, keys);
  const absent = lock.definition.operators.map((_, i) => i + 1).filter((index) => !lock.signers.includes(index));
  return { lock, scheme, keys, absent };
}

/**
 * Verifies the operators' EIP-712 signatures over a definition, which a ceremony asks for before it begins.
 *
 * @throws LockError naming the operator
 */
export async function verifyOperators(
  definition: ClusterDefinition,
  signatures: readonly OperatorSignatures[],
  verifyOperator: VerifyOperatorSignature,
): Promise<void> {
  const whole = definitionTypedData(definition);
  for (const [i, { address }] of definition.operators.entries()) {
    const signed = signatures[i];
    if (!signed) throw new LockError(`operatorSignatures[${i}]`, 'is missing');
    if (!(await verifyOperator(address, operatorTypedData(definition, i + 1), signed.entry)))
      throw new LockError(`operatorSignatures[${i}].entry`, 'is not by the operator', { data: { address } });
    if (!(await verifyOperator(address, whole, signed.definition)))
      throw new LockError(`operatorSignatures[${i}].definition`, 'is not by the operator', { data: { address } });
  }
}

function checkHash(lock: ClusterLock): void {
  const changed = changedFields(lock);
  const expected = lockHash(lock);
  if (expected === lock.lockHash) {
    if (changed?.length !== 0) throw new LockError('fieldDigests', 'does not fit the content');
    return;
  }
  if (changed === undefined)
    throw new LockError('fieldDigests', 'is for another number of fields: some were added or removed');
  const field = changed[0] ?? 'lockHash';
  const data = { ...(changed.length > 1 ? { changed } : {}), expected, actual: lock.lockHash };
  throw new LockError(field, 'was changed after the lock was made', { data });
}

function loadKey({ validators }: ClusterLock, scheme: ThresholdScheme, i: number): ThresholdKey {
  const { pubkey, sharePubkeys } = validators[i]!;
  try {
    return loadThresholdKey(
      scheme,
      fromHex(pubkey, 48),
      sharePubkeys.map((share) => fromHex(share, 48)),
    );
  } catch (cause) {
    const why = cause instanceof HoldfastError ? cause.message : 'cannot be read';
    throw new LockError(`validators[${i}]`, `has no consistent keys: ${why}`, { cause });
  }
}

/** One validator under two entries would be run twice. */
function checkDistinct({ validators }: ClusterLock): void {
  const seen = new Set<string>();
  for (const [i, { pubkey }] of validators.entries()) {
    if (seen.has(pubkey)) throw new LockError(`validators[${i}].pubkey`, 'is that of another validator too');
    seen.add(pubkey);
  }
}

function checkDeposits(lock: ClusterLock, keys: readonly ThresholdKey[]): void {
  const { definition, validators } = lock;
  const sets: { set: SignatureSet; field: string }[] = [];
  for (const [i, { pubkey, deposits }] of validators.entries()) {
    for (const [k, { amount, signature }] of deposits.entries()) {
      const field = `validators[${i}].deposits[${k}]`;
      if (amount !== definition.depositAmounts[k]) throw new LockError(`${field}.amount`, 'is not the definition’s');
      const message = { pubkey, withdrawalCredentials: definition.withdrawalCredentials, amount: BigInt(amount) };
      const msg = depositSigningRoot(message, definition.network.genesisForkVersion);
      sets.push({ set: { msg, pk: keys[i]!.groupPubkey, sig: signatureAt(signature, `${field}.signature`) }, field });
    }
  }
  if (sets.length === 0 || verifyMultipleAggregateSignatures(sets.map(({ set }) => set))) return;
  const bad = sets.find(({ set: { msg, pk, sig } }) => !verify(msg, pk, sig));
  throw new LockError(`${bad?.field ?? 'validators'}.signature`, 'is not the validator’s over this deposit');
}

function checkAggregate(lock: ClusterLock, keys: readonly ThresholdKey[]): void {
  const signature = signatureAt(lock.aggregateSignature, 'aggregateSignature');
  const message = fromHex(lock.lockHash, 32);
  const pubkeyOf = (signers: readonly number[]): PublicKey =>
    aggregatePublicKeys(signers.map((index) => nodePubkey(keys, index)));
  if (verify(message, pubkeyOf(lock.signers), signature)) return;
  throw new LockError('aggregateSignature', 'is not by all shares of the signers that the lock names', {
    data: { signers: lock.signers },
  });
}

function signatureAt(text: string, field: string): Signature {
  try {
    return Signature.fromBytes(fromHex(text, 96), true, true);
  } catch (cause) {
    throw new LockError(field, 'is no signature', { cause });
  }
}
