import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/**
 * What became of a request that was not signed, free of any protocol. Over HTTP: `badRequest` 400, `unknownKey` 404,
 * `refused` 412, `stopped` and `saturated` 503 (with Retry-After), `internal` 500.
 */
export type SignerErrorKind = 'badRequest' | 'unknownKey' | 'refused' | 'stopped' | 'saturated' | 'internal';

/** The base of every error with which the signer answers a request: no signature was made, or none was let out. */
export abstract class SignerError extends HoldfastError {
  abstract readonly kind: SignerErrorKind;
}

/**
 * A request is not what the Web3Signer API describes: malformed, incomplete, out of range, of an unknown type or fork,
 * or of another preset. `path` says where in the body, `value` what stands there.
 */
export class BadRequestError extends SignerError {
  readonly kind = 'badRequest';
  constructor(why: string, details: ErrorDetails = {}) {
    super('SIGNER_BAD_REQUEST', why, details);
  }
}

/**
 * The signing root that came with a request is not the root of the object in it, so the client and the signer do not
 * mean the same message. The signer never signs a root that it has not computed.
 */
export class RootMismatchError extends SignerError {
  readonly kind = 'badRequest';
  constructor(details: ErrorDetails) {
    super('SIGNER_ROOT_MISMATCH', 'the signing root sent is not the root of the object sent', {
      fix: "Compare fork_info, genesis_validators_root and preset of the validator client with the signer's network",
      ...details,
    });
  }
}

/** The signer holds no such key, or the client may not use it: a client cannot tell which. */
export class UnknownKeyError extends SignerError {
  readonly kind = 'unknownKey';
  constructor(pubkey: string) {
    super('SIGNER_UNKNOWN_KEY', 'no such key', {
      data: { pubkey },
      fix: 'Import the key, or put it on the allow-list of this client',
    });
  }
}

/**
 * Slashing protection or policy does not allow this signature; `rule` names which. Nothing is wrong with the request's
 * form, and asking again will not help.
 */
export class RefusedError extends SignerError {
  readonly kind = 'refused';
  /** A stable, lower-case name of the rule, e.g. `deposit-credentials`; those of slashing protection as it names them. */
  readonly rule: string;
  constructor(rule: string, why: string, details: ErrorDetails = {}) {
    super('SIGNER_REFUSED', `refused by ${rule}: ${why}`, details);
    this.rule = rule;
  }
}

/** Signing is stopped: kill switch, doppelganger watch, lost ownership or shutdown. Thrown by gates. */
export class StoppedError extends SignerError {
  readonly kind = 'stopped';
  /** When it is worth asking again; null if only an operator can tell. */
  readonly retryAfterSeconds: number | null;
  constructor(why: string, details: ErrorDetails & { readonly retryAfterSeconds?: number } = {}) {
    super('SIGNER_STOPPED', why, details);
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }
}

/** More requests wait than the signer, its store or its keys can answer in time. Nothing was signed for this one. */
export class SaturatedError extends SignerError {
  readonly kind = 'saturated';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number, details: ErrorDetails = {}) {
    super('SIGNER_SATURATED', 'too many requests are waiting', {
      fix: `Ask again after ${retryAfterSeconds} s; if it lasts, give the signer more cores or fewer keys`,
      ...details,
    });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Something below the signer failed (store, key, thread). No signature was let out; what the store may have recorded
 * stays recorded, so the same request may be repeated and a conflicting one stays refused.
 */
export class InternalError extends SignerError {
  readonly kind = 'internal';
  constructor(what: string, details: ErrorDetails = {}) {
    super('SIGNER_INTERNAL', what, {
      fix: 'Read the log for the cause, mend it, and let the validator client ask again',
      ...details,
    });
  }
}

/**
 * What a failure below the signer means to who asked. Stores and keys are reached through ports, so their errors are known
 * by code. The cause goes along for the log; its words are not repeated, since a client may read the message.
 */
export function answerTo(error: unknown, what: string, pubkey: string): SignerError {
  if (error instanceof SignerError) return error;
  const code = error instanceof HoldfastError ? error.code : '';
  switch (code) {
    case 'KEYS_UNKNOWN_KEY':
      return new UnknownKeyError(pubkey);
    case 'KEYS_SATURATED':
    case 'PROTECTION_BUSY':
      return new SaturatedError(1, { cause: error });
    case 'KEYS_CLOSED':
    case 'PROTECTION_CLOSED':
      return new StoppedError('the signer is shutting down', { cause: error });
    case 'PROTECTION_UNAVAILABLE':
      return new StoppedError('the slashing protection database does not answer', {
        cause: error,
        fix: 'Check the database server; the same request may then be repeated',
        retryAfterSeconds: 1,
      });
    default:
      return new InternalError(what, { cause: error, data: code === '' ? {} : { code } });
  }
}

/** The signer cannot work as it was set up. */
export class SignerConfigError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('SIGNER_CONFIG', why, details);
  }
}
