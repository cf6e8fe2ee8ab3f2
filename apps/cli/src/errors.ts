import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** The command line, the environment or a settings file asks for something that cannot be. Nothing was done. */
export class CliUsageError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('CLI_USAGE', why, details);
  }
}

/** A file that a command was given, or is to write, cannot be used as it is. */
export class CliFileError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('CLI_FILE', why, details);
  }
}

/** A key or keystore that cannot be used. The message never holds any of it. */
export class CliKeyError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('CLI_KEY', why, details);
  }
}

/** A node cannot be reached, or answers what no such node answers. */
export class CliNetworkError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('CLI_NETWORK', why, details);
  }
}
