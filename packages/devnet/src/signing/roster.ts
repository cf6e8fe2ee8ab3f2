import type { Hex, Pubkey } from '@holdfast/units';
import type { ValidatorKeys } from '../consensus/keys.ts';
import { DevnetError } from '../errors.ts';
import type { DutyRequest, DutySigner } from './port.ts';

/**
 * Who performs a validator's duties: the devnet with a key of its own (`local`), the devnet through a signer (`remote`),
 * a validator client behind the Beacon API (`external`), or, as far as the devnet knows, nobody.
 */
export type Performer = 'local' | 'remote' | 'external' | 'nobody';

/** Who signs for whom. What stands here is not the chain's: it stays when the chain goes back to a snapshot. */
export class DutyRoster {
  readonly keys: ValidatorKeys;
  readonly #signers = new Map<Hex, DutySigner>();
  readonly #external = new Set<Hex>();

  constructor(keys: ValidatorKeys) {
    this.keys = keys;
  }

  /** From now on this signer signs for them. */
  assign(pubkeys: readonly Pubkey[], signer: DutySigner): void {
    for (const pubkey of pubkeys) {
      this.#external.delete(pubkey);
      this.#signers.set(pubkey, signer);
    }
  }

  /** From now on a validator client drives them. */
  handOver(pubkeys: readonly Pubkey[]): void {
    for (const pubkey of pubkeys) {
      this.#signers.delete(pubkey);
      this.#external.add(pubkey);
    }
  }

  /** From now on the devnet signs for them with the keys that it was given. */
  takeBack(pubkeys: readonly Pubkey[]): void {
    for (const pubkey of pubkeys) {
      this.#signers.delete(pubkey);
      this.#external.delete(pubkey);
    }
  }

  performerOf(pubkey: Hex): Performer {
    if (this.#external.has(pubkey)) return 'external';
    if (this.#signers.has(pubkey)) return 'remote';
    return this.keys.has(pubkey) ? 'local' : 'nobody';
  }

  /** Whether the devnet performs the duties itself, whoever holds the key. */
  performs(pubkey: Hex): boolean {
    const performer = this.performerOf(pubkey);
    return performer === 'local' || performer === 'remote';
  }

  /** Whether a validator client drives it, and the devnet has its key all the same: a copy in a second place. */
  holdsCopy(pubkey: Hex): boolean {
    return this.#external.has(pubkey) && this.keys.has(pubkey);
  }

  /**
   * By whoever signs for the validator. Rejects with `DutyFailedError`; `DEVNET_EXTERNAL` when that is a validator client,
   * which is not asked; `DEVNET_KEY_UNKNOWN` when it is nobody.
   */
  async sign(pubkey: Pubkey, request: DutyRequest): Promise<Uint8Array> {
    if (this.#external.has(pubkey)) {
      throw new DevnetError('DEVNET_EXTERNAL', 'a validator client signs for this validator, the devnet does not', {
        data: { pubkey, type: request.type },
        fix: 'Let the client do it, or take the validator back first',
      });
    }
    const signer = this.#signers.get(pubkey);
    return signer ? signer.sign(pubkey, request) : this.keys.sign(pubkey, request.signingRoot);
  }

  get externalCount(): number {
    return this.#external.size;
  }

  get remoteCount(): number {
    return this.#signers.size;
  }

  /** The signers in use, by name. */
  signerNames(): string[] {
    return [...new Set([...this.#signers.values()].map(({ name }) => name))].sort();
  }
}
