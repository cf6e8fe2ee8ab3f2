import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** The base of what this package throws, so that a caller can tell beacon trouble from any other. */
export abstract class BeaconError extends HoldfastError {}

/** A node answered with a status that is not a success. `status` 404 may mean "not yet". */
export class BeaconHttpError extends BeaconError {
  readonly status: number;

  constructor(status: number, details: ErrorDetails) {
    super('BEACON_HTTP', `the beacon node answered ${status}`, details);
    this.status = status;
  }
}

/** A node did not finish its answer in time. */
export class BeaconTimeoutError extends BeaconError {
  constructor(details: ErrorDetails) {
    super('BEACON_TIMEOUT', 'the beacon node did not answer in time', details);
  }
}

/** The connection to a node failed or broke off. */
export class BeaconNetworkError extends BeaconError {
  constructor(details: ErrorDetails) {
    super('BEACON_NETWORK', 'the beacon node cannot be reached', details);
  }
}

/** An answer is longer than its kind may be. */
export class BeaconTooLargeError extends BeaconError {
  constructor(details: ErrorDetails) {
    super('BEACON_TOO_LARGE', 'the beacon node sent more than this answer may hold', details);
  }
}

/** An answer does not have the shape that the Beacon API gives it. */
export class BeaconAnswerError extends BeaconError {
  constructor(why: string, details: ErrorDetails) {
    super('BEACON_ANSWER', `the beacon node's answer is malformed: ${why}`, details);
  }
}

/** An answer is well formed and provably untrue: a root does not match. `data` names node, expected and actual. */
export class BeaconLieError extends BeaconError {
  constructor(what: string, details: ErrorDetails) {
    super('BEACON_LIE', `the beacon node lied about ${what}`, details);
  }
}

/** The node's network has another preset than this process was started with, so no state of it can be read. */
export class BeaconPresetError extends BeaconError {
  constructor(details: ErrorDetails) {
    super('BEACON_PRESET', 'the network has another preset than this process', details);
  }
}

/** A fork whose layout this version does not know. Failing closed is the point: a guess would be a wrong proof. */
export class BeaconForkError extends BeaconError {
  constructor(details: ErrorDetails) {
    super('BEACON_FORK', 'the fork is not supported', {
      fix: 'Upgrade Holdfast to a version that knows this fork',
      ...details,
    });
  }
}

/** A proof that cannot be made (index beyond a list, slot out of reach) or that is not well formed. */
export class BeaconProofError extends BeaconError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('BEACON_PROOF', why, details);
  }
}

/** Every node failed. `errors` holds each node's last failure; the message shows the first ones. */
export class BeaconUnavailableError extends BeaconError {
  readonly errors: readonly Error[];

  constructor(what: string, errors: readonly Error[]) {
    super('BEACON_UNAVAILABLE', `no beacon node could answer ${what}`, {
      data: { reasons: errors.slice(0, 4).map((error) => error.message) },
      fix: 'Check the nodes, or add another one',
      cause: errors.at(-1),
    });
    this.errors = errors;
  }
}
