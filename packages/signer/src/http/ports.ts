import type { Pubkey } from '@holdfast/units';
import type { Caller } from '../access/access.ts';

/** What the sign route asks of the signing service: check, persist, then sign. */
export interface SigningPort {
  /**
   * The signature of `body`, a parsed request of the Web3Signer API, as hex.
   *
   * @throws SignerError whose `kind` tells how to answer.
   */
  sign(pubkey: Pubkey, body: unknown, client: Caller): Promise<string>;
}

/** The keys that can sign now. */
export interface KeysPort {
  readonly pubkeys: Iterable<Pubkey>;
  readonly size: number;
  has(pubkey: Pubkey): boolean;
}

/** A check of `/healthcheck`: resolves when all is well, throws with the reason when it is not. */
export type HealthCheck = () => Promise<void>;

/** The ceiling of the slashing protection as a whole: duties at or above it are refused. */
export interface HighWatermarkPort {
  highWatermark(): Promise<{ readonly epoch: bigint; readonly slot: bigint } | null>;
}

/** The kill switch, whatever holds it: answers GET (tell), POST (stop all signing) and DELETE (allow it again). */
export type KillPort = (
  method: string,
  body: unknown,
  client: string,
) => { readonly status: number; readonly body: Readonly<Record<string, unknown>> };
