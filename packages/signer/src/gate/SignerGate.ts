import type { Pubkey } from '@holdfast/units';
import { SignerError } from '../errors.ts';

/** The signer is shutting down: nothing is signed any more. */
export class DrainingError extends SignerError {
  readonly kind = 'stopped';
  readonly retryAfterSeconds = 5;
  constructor() {
    super('SIGNER_DRAINING', 'the signer is shutting down', { fix: 'Ask again when it is back' });
  }
}

/** One reason not to sign: throws it, or returns. */
export interface Check {
  check(pubkey: Pubkey): void;
}

export interface GateParts {
  readonly kill: Check;
  readonly lease: Check;
  /** Absent when the operator chose not to watch. */
  readonly doppelganger?: Check;
}

/**
 * All that can stop signing, asked before the protection's claim and again before the signature. The kill switch comes
 * first: whoever pulled it is to read that it holds.
 */
export class SignerGate {
  readonly #parts: GateParts;
  #draining = false;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /**
   * From now on nothing is signed, and what is under way is not let out; there is no way back. Called once the server has
   * let its requests end.
   */
  drain(): void {
    this.#draining = true;
  }

  /** @throws KilledError, LeaseLostError, DrainingError, DoppelgangerWaitError, DoppelgangerFoundError */
  check(pubkey: Pubkey): void {
    const { kill, lease, doppelganger } = this.#parts;
    kill.check(pubkey);
    lease.check(pubkey);
    if (this.#draining) throw new DrainingError();
    doppelganger?.check(pubkey);
  }
}
