import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** The base of what this package throws, so that a caller can tell trouble with keys from any other. */
export abstract class KeysError extends HoldfastError {}

/** The bytes are not a BLS12-381 secret key: 32 bytes, big-endian, above zero and below the group's order. */
export class KeysSecretError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYS_SECRET', 'not a BLS12-381 secret key', {
      fix: 'Take 32 bytes, big-endian, above zero and below the order of the group',
      ...details,
    });
  }
}

/** A public key or signature is not the compressed form of a point of its group, or is the point at infinity. */
export class KeysPointError extends KeysError {
  constructor(what: string, details: ErrorDetails = {}) {
    super('KEYS_POINT', `not a valid ${what}`, details);
  }
}

/** A derivation path or seed that EIP-2333 or EIP-2334 does not allow. */
export class KeysPathError extends KeysError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('KEYS_PATH', why, details);
  }
}

/** The key is not loaded, or was removed before its signature was ready. Nothing was signed. */
export class KeysUnknownKeyError extends KeysError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('KEYS_UNKNOWN_KEY', why, details);
  }
}

/** More signatures are waiting than the queue may hold: take it as "busy" and ask again later. */
export class KeysSaturatedError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYS_SATURATED', 'the signing queue is full', {
      fix: 'Ask again in a moment; if it lasts, give the signer more cores or a longer queue',
      ...details,
    });
  }
}

/** A signing thread died while it held this request, or no signing thread can be started. Nothing was signed. */
export class KeysThreadError extends KeysError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('KEYS_THREAD', why, details);
  }
}

/** The key ring, store or key-encryption key has been closed. */
export class KeysClosedError extends KeysError {
  constructor(what: string, details: ErrorDetails = {}) {
    super('KEYS_CLOSED', `the ${what} is closed`, details);
  }
}

/** A setting of this package is outside of what it can work with. */
export class KeysConfigError extends KeysError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('KEYS_CONFIG', why, details);
  }
}
