import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** An agreement was set up with numbers that cannot be: too few nodes, an index out of range, a schedule that goes back. */
export class ConsensusConfigError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('CONSENSUS_CONFIG', why, details);
  }
}

/** Bytes are no consensus message as Holdfast encodes them: cut off, too long, out of range or not canonical. Drop them and score the peer. */
export class ConsensusMessageError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('CONSENSUS_MESSAGE', why, details);
  }
}

/** What was on disk does not fit the agreement it is restored for. Taking part without it could sign twice: stay out of this instance. */
export class ConsensusSnapshotError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('CONSENSUS_SNAPSHOT', why, details);
  }
}
