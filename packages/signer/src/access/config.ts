import type { Pubkey } from '@holdfast/units';
import type { Rate } from './bucket.ts';

/** A client certificate by which a client shows who it is; checked against the CA by TLS before it is looked at. */
export interface CertificateMatch {
  /** SHA-256 of the whole certificate, as `openssl x509 -fingerprint -sha256` prints it; case and colons do not matter. */
  readonly sha256?: string;
  /** The subject's common name. */
  readonly commonName?: string;
}

/** A validator client (or another program that asks for signatures), by name. */
export interface ClientConfig {
  /** Appears in logs and metrics. */
  readonly name: string;
  /** A file of mode 600 that holds its bearer token. */
  readonly tokenFile?: string;
  readonly certificate?: CertificateMatch;
  /** Keys that it may use and see; all when absent. */
  readonly keys?: readonly Pubkey[];
  /** Request types (`ATTESTATION`, `BLOCK_V2`…) that it may ask for; all when absent. */
  readonly types?: readonly string[];
  /** Its own limit, answered with 429; none when absent. */
  readonly rate?: Rate;
}

/** Who may manage keys, reload and stop: always by bearer token, as the Keymanager API asks. */
export interface AdminConfig {
  readonly name: string;
  readonly tokenFile: string;
}

/** Who may speak to the signer. Empty: anybody on this machine may ask for signatures, nobody may manage keys. */
export interface AccessConfig {
  readonly clients?: readonly ClientConfig[];
  readonly admins?: readonly AdminConfig[];
  /** Further names (no port) that a `Host` header may carry. */
  readonly allowedHosts?: readonly string[];
  /**
   * Warning: lets bearer tokens travel in plain text from other machines. Only where something else encrypts the way
   * (a proxy that ends TLS, a VPN).
   */
  readonly plaintextTokens?: boolean;
}
