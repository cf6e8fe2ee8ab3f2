/**
 * Validator keys: BLS signatures, a ring of signing threads, EIP-2333/2334 derivation, EIP-2335 keystores, and the sealed
 * store in which keys rest under a PKCS#11 token or a passphrase. Shared keys: partial signatures and their recovery,
 * ceremonies that make and re-deal them, the lock of a cluster. Knows nothing of duties: who may sign what is decided before
 * (`@holdfast/signer`, `@holdfast/protection`).
 *
 * @example
 * import { decryptKeystores, KeyRing, openPassphraseKek, SealedStore } from '@holdfast/keys';
 * const store = await SealedStore.open(directory, openPassphraseKek({ passphrase }), { create: true });
 * const results = await decryptKeystores(files);
 * await store.add(results.flatMap((result) => (result.ok ? [result.key] : [])));
 * const ring = await KeyRing.create();
 * ring.add(await store.unseal());
 * const signature = await ring.sign(pubkey, signingRoot);
 */
export {
  aggregatePubkeys,
  aggregateSignatures,
  checkedPubkey,
  PUBKEY_BYTES,
  publicKeyOf,
  SECRET_BYTES,
  SIGNATURE_BYTES,
  secretFromEntropy,
  sign,
  verifyAggregate,
  verifySignature,
} from './bls/bls.ts';
export { deriveChild, deriveMaster, deriveSecret, parsePath, signingPath, withdrawalPath } from './derive/derive.ts';
export { Ceremony } from './dkg/ceremony.ts';
export type { Fault, FaultReason } from './dkg/faults.ts';
export {
  ed25519Identity,
  type IdentitySignature,
  type NodeIdentity,
  peerIdOf,
  verifyIdentity,
} from './dkg/identity.ts';
export { messageBytesMax, type Party } from './dkg/messages.ts';
export { type CeremonyPlan, type PreviousCluster, planCeremony } from './dkg/plan.ts';
export { type CeremonyPorts, type RunOptions, runCeremony } from './dkg/run.ts';
export type { CeremonyConfig, CeremonyEffect, CeremonyInput, CeremonyResult, Stage } from './dkg/types.ts';
export {
  KeysClosedError,
  KeysConfigError,
  KeysError,
  KeysPathError,
  KeysPointError,
  KeysSaturatedError,
  KeysSecretError,
  KeysThreadError,
  KeysUnknownKeyError,
} from './errors.ts';
export {
  HsmGoneError,
  HsmKeyError,
  HsmModuleError,
  HsmPinError,
  HsmTokenError,
  KekWrongError,
} from './kek/errors.ts';
export type { KeyEncryptionKey } from './kek/kek.ts';
export { openPassphraseKek, type PassphraseKekOptions } from './kek/passphrase.ts';
export { PASSPHRASE_KDF_DEFAULT, type PassphraseKdf } from './kek/passphrase-kdf.ts';
export { openPkcs11Kek, type Pkcs11KekOptions } from './kek/pkcs11.ts';
export { findPkcs11Module, PKCS11_MODULE_PATHS } from './kek/pkcs11-module.ts';
export { type DecryptedKey, decryptKeystore } from './keystore/decrypt.ts';
export { type EncryptOptions, encryptKeystore, type KeystoreJson } from './keystore/encrypt.ts';
export {
  KeystoreAbortedError,
  KeystoreCostError,
  KeystoreFormatError,
  KeystorePasswordError,
  KeystorePubkeyError,
} from './keystore/errors.ts';
export { type Keystore, parseKeystore } from './keystore/format.ts';
export type { Kdf, Pbkdf2Kdf, ScryptKdf } from './keystore/kdf.ts';
export {
  type DecryptOptions,
  type DecryptProgress,
  type DecryptResult,
  decryptKeystores,
  type LockedKeystore,
} from './keystore/parallel.ts';
export {
  type DepositFileEntry,
  type DepositMessage,
  depositDataRoot,
  depositFiles,
  depositSigningRoot,
} from './lock/deposit.ts';
export { type CheckedDeposit, checkDeposit, type DepositTerms } from './lock/deposit-check.ts';
export { DepositError, LockError } from './lock/errors.ts';
export { definitionHash, lockHash } from './lock/hash.ts';
export { formatLock, parseDefinition, parseLock } from './lock/parse.ts';
export { type ConnectedChain, checkNetwork, nodeIndexOf } from './lock/place.ts';
export { sealLock, signLock, verifyLockPart } from './lock/seal.ts';
export {
  definitionTypedData,
  operatorTypedData,
  type TypedData,
  type VerifyOperatorSignature,
} from './lock/typed-data.ts';
export {
  type ClusterDefinition,
  type ClusterLock,
  type ClusterNetwork,
  type ClusterOperator,
  LOCK_VERSION,
  type LockContent,
  type LockDeposit,
  type LockValidator,
  type OperatorSignatures,
} from './lock/types.ts';
export { type VerifiedLock, verifyLock, verifyOperators } from './lock/verify.ts';
export { type KeyPair, KeyRing } from './ring/key-ring.ts';
export type { KeyRingOptions } from './ring/options.ts';
export {
  StoreChangedError,
  StoreFormatError,
  StoreIoError,
  StoreMissingError,
  StoreTamperedError,
} from './sealed/errors.ts';
export type { StoreFile } from './sealed/files.ts';
export type { KeyRecord } from './sealed/format.ts';
export { type AddReport, type NewKey, SealedStore, type StoreOptions, sealedStorePath } from './sealed/store.ts';
export { ThresholdError } from './threshold/errors.ts';
export { loadThresholdKey, type ThresholdKey } from './threshold/key.ts';
export {
  badPartials,
  type PartialBatch,
  type PartialSignature,
  partialSign,
  verifyPartial,
} from './threshold/partial.ts';
export { type Recovered, recoverSignature, recoverVerified } from './threshold/recover.ts';
export { type RandomBytes, type Scalar, wipe } from './threshold/scalar.ts';
export {
  byzantineThreshold,
  NODES_MAX,
  type ShareIndex,
  type ThresholdScheme,
  thresholdScheme,
} from './threshold/scheme.ts';
export { checkShares, combineShares, type SplitKey, splitKey } from './threshold/split.ts';
