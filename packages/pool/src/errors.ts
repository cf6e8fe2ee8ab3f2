import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** A configuration or a manifest that must not be used: what is wrong stands in the message, with its path. */
export class PoolConfigError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('POOL_CONFIG', why, details);
  }
}

/** A deployment that cannot begin, or go on from where it stands. */
export class PoolDeployError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('POOL_DEPLOY', why, details);
  }
}

/** The two APIs do not show what was asked for, or not the same chain. */
export class PoolReadError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('POOL_READ', why, details);
  }
}

/** A call that would not fit into one transaction (EIP-7825: 16,777,216 gas). */
export class PoolGasError extends HoldfastError {
  constructor(details: ErrorDetails) {
    super('POOL_GAS', 'the call needs more gas than a transaction may have', {
      fix: 'Send fewer validators in one call',
      ...details,
    });
  }
}

/** The context has no wallet, so nothing can be sent. */
export class PoolWalletError extends HoldfastError {
  constructor(details: ErrorDetails = {}) {
    super('POOL_WALLET', 'sending needs a wallet client with an account', {
      fix: 'Give the pool a walletClient, or pass dryRun to simulate only',
      ...details,
    });
  }
}
