import type { Pubkey, Root } from '@holdfast/units';

/** EIP-3076, version 5 of the format. Numbers are decimal strings, because JSON has no 64-bit integers. */
export interface Interchange {
  readonly metadata: {
    readonly interchange_format_version: '5';
    readonly genesis_validators_root: Root;
  };
  readonly data: readonly InterchangeKey[];
}

export interface InterchangeKey {
  readonly pubkey: Pubkey;
  readonly signed_blocks: readonly InterchangeBlock[];
  readonly signed_attestations: readonly InterchangeAttestation[];
}

export interface InterchangeBlock {
  readonly slot: string;
  readonly signing_root?: Root;
}

export interface InterchangeAttestation {
  readonly source_epoch: string;
  readonly target_epoch: string;
  readonly signing_root?: Root;
}

export const INTERCHANGE_VERSION = '5';
