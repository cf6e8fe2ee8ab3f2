import { joinSignals } from '@holdfast/units';
import {
  BeaconError,
  BeaconHttpError,
  BeaconLieError,
  BeaconNetworkError,
  BeaconPresetError,
  BeaconTimeoutError,
  BeaconUnavailableError,
} from '../errors.ts';
import { type BeaconRequest, type BeaconResponse, sendTo } from './http.ts';
import { type BeaconNode, NodePool } from './NodePool.ts';
import type { ClientPorts } from './ports.ts';

/** A node that failed, for logs and metrics. The request may still succeed with another one. */
export interface NodeFailure {
  readonly node: string;
  readonly what: string;
  readonly error: BeaconError;
}

export interface FailoverOptions {
  readonly urls: readonly string[];
  readonly ports: ClientPorts;
  /** How often the whole set of nodes is asked. */
  readonly roundsMax: number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly onFailure: (failure: NodeFailure) => void;
  readonly signal: AbortSignal | undefined;
}

/** Asks node after node, in order of health, until one gives an answer that holds. */
export class Failover {
  readonly pool: NodePool;
  private readonly options: FailoverOptions;

  constructor(options: FailoverOptions) {
    this.options = options;
    this.pool = new NodePool(options.urls, options.ports.now);
  }

  /**
   * @param check turns the answer into a value, or throws a BeaconError: then the next node is asked
   * @throws BeaconLieError when some node lied and none told the truth; the nodes' own error when they agree on it
   * (404 everywhere); else BeaconUnavailableError
   */
  async ask<T>(what: string, request: BeaconRequest, check: (response: BeaconResponse) => T): Promise<T> {
    const { ports, roundsMax } = this.options;
    using stop = joinSignals(this.options.signal, request.signal);
    const { signal } = stop;
    const errors: BeaconError[] = [];
    const liars = new Set<BeaconNode>();
    for (let round = 0; round < roundsMax; round += 1) {
      if (round > 0) await ports.sleep(this.delayMs(round), signal);
      let again = false;
      for (const node of this.pool.order()) {
        if (liars.has(node)) continue;
        try {
          const value = check(await sendTo(node, request, ports, signal));
          this.pool.succeeded(node);
          return value;
        } catch (error) {
          if (!(error instanceof BeaconError)) throw error;
          errors.push(error);
          if (error instanceof BeaconLieError) liars.add(node);
          // A node that is well and says no is not a failing one.
          if (!isRefusal(error)) this.note(node, what, error);
          again ||= isPassing(error);
        }
      }
      if (!again) break;
    }
    throw verdict(what, errors);
  }

  /** Records a failure and tells of it. */
  note(node: BeaconNode, what: string, error: BeaconError): void {
    if (error instanceof BeaconLieError) this.pool.lied(node);
    else this.pool.failed(node);
    this.options.onFailure({ node: node.name, what, error });
  }

  /** Exponential, with full jitter, so that clients that failed together do not come back together. */
  delayMs(round: number): number {
    const { backoffMs, backoffMsMax, ports } = this.options;
    return Math.min(backoffMs * 2 ** (round - 1), backoffMsMax) * (0.5 + ports.random() / 2);
  }
}

/** Worth asking again in a moment. A malformed answer is not: the node would give the same. */
function isPassing(error: BeaconError): boolean {
  if (error instanceof BeaconHttpError) return error.status >= 500 || error.status === 429 || error.status === 408;
  return error instanceof BeaconNetworkError || error instanceof BeaconTimeoutError;
}

/** The node is well and says no. */
function isRefusal(error: BeaconError): boolean {
  return error instanceof BeaconHttpError && !isPassing(error);
}

function verdict(what: string, errors: readonly BeaconError[]): BeaconError {
  const grave = errors.find((error) => error instanceof BeaconLieError || error instanceof BeaconPresetError);
  if (grave) return grave;
  const kinds = new Set(errors.map((error) => (error instanceof BeaconHttpError ? error.status : error.code)));
  return kinds.size === 1 ? errors.at(-1)! : new BeaconUnavailableError(what, errors);
}
