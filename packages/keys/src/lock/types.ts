import type { Hex, Pubkey, Root } from '@holdfast/units';

/** The form of the file. Another one is refused, not guessed at. */
export const LOCK_VERSION = 'holdfast/lock/1';

/** The chain that a cluster validates on. */
export interface ClusterNetwork {
  /** For people: `mainnet`, `hoodi`, `devnet`. */
  readonly name: string;
  /** 4 bytes. Deposits are signed under it. */
  readonly genesisForkVersion: Hex;
  /** 32 bytes. A node refuses to serve a lock of another chain. */
  readonly genesisValidatorsRoot: Root;
}

/** One operator and its node. The first holds share 1, the next share 2, and so on. */
export interface ClusterOperator {
  /** 20 bytes, lower case: who signs for this node. */
  readonly address: Hex;
  /** 32 bytes: the node's Ed25519 public key, from which its libp2p peer id follows. */
  readonly identity: Hex;
  /** libp2p multiaddresses, as far as known when the lock was made. A node may learn others. */
  readonly multiaddrs: readonly string[];
}

/** What the operators agree on before any key exists. */
export interface ClusterDefinition {
  readonly name: string;
  /** 32 random bytes: tells this cluster from any other that looks alike, and one ceremony from the next. */
  readonly nonce: Root;
  readonly network: ClusterNetwork;
  /** 32 bytes: where the validators' ether goes back to (the pool's vault). */
  readonly withdrawalCredentials: Hex;
  /** 20 bytes: where priority fees go. */
  readonly feeRecipient: Hex;
  /** How many shares sign. */
  readonly threshold: number;
  /** How many validators the ceremony makes. */
  readonly validators: number;
  /** Gwei, decimal: for each amount each validator gets a signed deposit. */
  readonly depositAmounts: readonly string[];
  readonly operators: readonly ClusterOperator[];
  /** 0 for a first ceremony, one more with each resharing. */
  readonly generation: number;
  /** The lock hash of the cluster that was re-dealt; 32 zero bytes for a first ceremony. */
  readonly previousLockHash: Root;
}

/** An operator's two EIP-712 signatures, 65 bytes each: over its own entry, and over the whole definition. */
export interface OperatorSignatures {
  readonly entry: Hex;
  readonly definition: Hex;
}

/** The group's signature over one deposit of a validator. */
export interface LockDeposit {
  /** Gwei, decimal. */
  readonly amount: string;
  readonly signature: Hex;
}

export interface LockValidator {
  readonly pubkey: Pubkey;
  /** One for each node, in the order of the operators. */
  readonly sharePubkeys: readonly Pubkey[];
  readonly deposits: readonly LockDeposit[];
}

/** What the lock hash is taken of. */
export interface LockContent {
  readonly version: typeof LOCK_VERSION;
  readonly definition: ClusterDefinition;
  readonly operatorSignatures: readonly OperatorSignatures[];
  readonly validators: readonly LockValidator[];
  /** Hash over everything that was broadcast in the ceremony; the same at every node. */
  readonly transcriptHash: Root;
}

/** The manifest of a cluster. */
export interface ClusterLock extends LockContent {
  readonly lockHash: Root;
  /** A few bytes for each field of the content, in order: tells which one was changed. Diagnosis, not security. */
  readonly fieldDigests: Hex;
  /** The nodes whose shares signed, ascending; at least `threshold`. */
  readonly signers: readonly number[];
  /** The sum of the signatures over the lock hash by every share of every signer. */
  readonly aggregateSignature: Hex;
}
