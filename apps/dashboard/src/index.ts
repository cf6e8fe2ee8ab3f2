/**
 * The live page of a pool: what backs each share, the rate over time, operators, validators, incidents, deposits and
 * withdrawals. It reads nothing but JSON-RPC and the Beacon API; on a devnet it also breaks things on demand.
 *
 * @example
 * const { url, close } = await serveDashboard({ manifest, rpcUrl, beaconUrl, devnetUrl });
 * await screenshot({ url, file: 'dashboard.png', width: 1440, height: 1800, colorScheme: 'light' });
 */
export { type BuildOptions, type BuiltDashboard, buildDashboard } from './build.ts';
export { DashboardError } from './errors.ts';
export { type ScreenshotOptions, screenshot } from './screenshot.ts';
export type {
  ClustersPort,
  Dashboard,
  DashboardLog,
  DashboardLogEntry,
  DashboardOptions,
  DevAccountLabel,
} from './server/options.ts';
export { serveDashboard } from './server/serveDashboard.ts';
export type * from './shared/clusters.ts';
export type * from './shared/state.ts';
