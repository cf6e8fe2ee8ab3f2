/**
 * The command line: it reads flags, environment and files, composes the packages, and prints. No logic of its own.
 *
 * @example
 * import { run } from '@holdfast/cli';
 * const code = await run(['verify', '--rpc-url', rpcUrl, '--beacon-url', beaconUrl, '--pool', 'pool.json', '--json'], io, signal);
 */
export { EXIT, type ExitCode } from './exit.ts';
export type { Io } from './io.ts';
export { run } from './run.ts';
