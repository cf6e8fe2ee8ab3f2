import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** The keeper cannot work as it was set up. */
export class KeeperConfigError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('KEEPER_CONFIG', why, details);
  }
}

/** The execution node shows an older chain than it did before: nothing is decided on a view that may be stale. */
export class KeeperRpcBehindError extends HoldfastError {
  constructor(details: ErrorDetails) {
    super('KEEPER_RPC_BEHIND', 'the execution node went back', {
      fix: 'Nothing, if it catches up; behind a load balancer, use one node, or nodes that are in step',
      ...details,
    });
  }
}

/** The evidence that an action was to show is not in the chain as it is verified now. */
export class KeeperEvidenceError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('KEEPER_EVIDENCE', why, details);
  }
}

/** Something took longer than a round may wait for it. */
export class KeeperTimeoutError extends HoldfastError {
  constructor(what: string, details: ErrorDetails = {}) {
    super('KEEPER_TIMEOUT', `${what} took too long`, {
      fix: 'Nothing, if it passes; else use a faster node, or raise beaconTimeoutMs',
      ...details,
    });
  }
}

/** A transaction is stuck, and replacing it would cost more than `maxFeePerGasMax` allows. */
export class KeeperFeeCeilingError extends HoldfastError {
  constructor(details: ErrorDetails = {}) {
    super('KEEPER_FEE_CEILING', 'the fee is at its ceiling', {
      fix: 'Wait until gas is cheaper, or raise maxFeePerGasMax',
      ...details,
    });
  }
}
