/**
 * The keeper: observes both chains, decides what the pool needs, and does it. Anybody may run one, several may run at
 * once, and one that is killed loses nothing: the chain is its memory. It keeps no files.
 *
 * @example
 * const keeper = createKeeper({ manifest, publicClient, walletClient, beaconClient, log: jsonLog((line) => process.stdout.write(line)) });
 * await keeper.serve({ port: 9464 }); // /metrics and /healthz on loopback
 * await keeper.run(signal);           // until the signal fires
 *
 * // On a devnet that is stepped, one round at a time:
 * const report = await keeper.tick();
 */
import { Keeper, type KeeperParameters } from './Keeper.ts';

export type { Clock } from './clock.ts';
export type { Action, ActionBody, ActionKind, StartReason } from './decide/action.ts';
export { decide } from './decide/decide.ts';
export type * from './decide/observation.ts';
export * from './errors.ts';
export type { Keeper, KeeperParameters } from './Keeper.ts';
export type { KeeperOptions } from './options.ts';
export { type ErrorDescription, jsonLog, type Log, type LogEvent } from './report/log.ts';
export type { StatusServerOptions } from './report/serveStatus.ts';
export type { ActionReport, LandedReport, TickReport } from './report/TickReport.ts';

/** @throws KeeperConfigError when the wallet has no account, or an option makes no sense */
export const createKeeper = (parameters: KeeperParameters): Keeper => new Keeper(parameters);
