import type { PoolManifest } from '@holdfast/pool';
import type { ClusterOrder, ClusterRow } from '../shared/clusters.ts';
import type { HealthState } from '../shared/state.ts';

/** A source came back or went. */
export interface DashboardLogEntry {
  readonly source: 'rpc' | 'beacon' | 'devnet';
  readonly state: HealthState;
  readonly message: string;
}
export type DashboardLog = (entry: DashboardLogEntry) => void;

/** One of the well-known test accounts, as the page offers it. */
export interface DevAccountLabel {
  /** Place in the test mnemonic's derivation, `m/44'/60'/0'/0/index`. */
  readonly index: number;
  readonly label: string;
}

/** Clusters of validator nodes that the page shows, and whose nodes it may break: a devnet's. */
export interface ClustersPort {
  rows(): readonly ClusterRow[];
  /** Rejects with the reason when it cannot be done. */
  act(order: ClusterOrder): Promise<void>;
}

export interface DashboardOptions {
  readonly manifest: PoolManifest;
  readonly rpcUrl: string;
  readonly beaconUrl: string;
  /**
   * Base URL of a devnet's control endpoints. Only with it the page offers test accounts and faults. Warning: never give
   * it for a network with real money.
   */
  readonly devnetUrl?: string | undefined;
  /** Warning: as with `devnetUrl`, whoever opens the page may stop their nodes. */
  readonly clusters?: ClustersPort | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Host names beside loopback names and IP addresses under which the page may be asked for. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Test accounts that the page offers on a devnet. Default: the first ten. */
  readonly accounts?: readonly DevAccountLabel[] | undefined;
  /** Rest between two looks at each source. Default 500 on a devnet, 2,000 elsewhere. */
  readonly pollMs?: number | undefined;
  /** Told when a source goes or comes back. */
  readonly log?: DashboardLog | undefined;
  /** The built page; default: `buildDashboard()`. */
  readonly dist?: string | undefined;
}

export interface Dashboard {
  readonly url: string;
  close(): Promise<void>;
}
