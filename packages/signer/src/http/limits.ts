/** Bounds that keep the signer answering whatever arrives. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Requests to sign worked on at once; more are answered 503 at once, before they queue. A slot of 100,000 validators is 3,125. */
  readonly inFlightMax: number;
  /** Bodies held in memory at once, all requests together. */
  readonly bufferedBytesMax: number;
  /** One request to sign. An Altair block in full is the largest, far below this. */
  readonly signBytesMax: number;
  /** One Keymanager request: 10,000 keystores with their history. Read only after the token is checked. */
  readonly keymanagerBytesMax: number;
  readonly connectionsMax: number;
  /** A client that sends its headers, or its whole request, more slowly is cut off (408). */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Longer than a slot and than an epoch's pause, so that clients find their connections open. */
  readonly keepAliveTimeoutMs: number;
  /** A signature that takes longer is answered 503 and never released. */
  readonly signTimeoutMs: number;
  /** How long `close()` waits for requests in flight. */
  readonly drainTimeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  inFlightMax: 4096,
  bufferedBytesMax: 64 * 2 ** 20,
  signBytesMax: 2 * 2 ** 20,
  keymanagerBytesMax: 64 * 2 ** 20,
  connectionsMax: 2048,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 75_000,
  signTimeoutMs: 10_000,
  drainTimeoutMs: 10_000,
};
