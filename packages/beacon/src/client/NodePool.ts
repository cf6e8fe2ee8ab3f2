import { HoldfastError } from '@holdfast/units';

/** A beacon node as requests see it. */
export interface BeaconNode {
  /** Host and port: what errors and logs may show. Paths, users and queries of a URL can hold access keys. */
  readonly name: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Health {
  failures: number;
  restUntilMs: number;
}

/** First rest after a failure; doubles with each further one. */
const REST_MS = 1_000;
const REST_MS_MAX = 60_000;
/** A node that lied is asked last for this long. */
const LIE_REST_MS = 600_000;

/**
 * Which node to ask first. Nodes keep the order in which they were given; one that failed rests for a while and is only
 * asked after the others, but always asked: a pool of one still works.
 */
export class NodePool {
  readonly nodes: readonly BeaconNode[];
  private readonly health = new Map<BeaconNode, Health>();
  private readonly now: () => number;

  constructor(urls: readonly string[], now: () => number) {
    if (urls.length === 0) {
      throw new HoldfastError('BEACON_NO_NODES', 'no beacon node is given', { fix: 'Give at least one URL' });
    }
    this.nodes = urls.map(asNode);
    this.now = now;
    for (const node of this.nodes) this.health.set(node, { failures: 0, restUntilMs: Number.NEGATIVE_INFINITY });
  }

  /** All nodes, those to ask first in front. */
  order(): BeaconNode[] {
    const nowMs = this.now();
    const rest = (node: BeaconNode): number => Math.max(this.health.get(node)!.restUntilMs, nowMs);
    return [...this.nodes].sort((a, b) => rest(a) - rest(b));
  }

  succeeded(node: BeaconNode): void {
    this.health.set(node, { failures: 0, restUntilMs: Number.NEGATIVE_INFINITY });
  }

  failed(node: BeaconNode): void {
    const failures = this.health.get(node)!.failures + 1;
    const restMs = Math.min(REST_MS * 2 ** (failures - 1), REST_MS_MAX);
    this.health.set(node, { failures, restUntilMs: this.now() + restMs });
  }

  lied(node: BeaconNode): void {
    const failures = this.health.get(node)!.failures + 1;
    this.health.set(node, { failures, restUntilMs: this.now() + LIE_REST_MS });
  }
}

function asNode(text: string): BeaconNode {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw badUrl(cause);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badUrl(undefined);
  const headers: Record<string, string> = {};
  if (url.username || url.password) {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.Authorization = `Basic ${Buffer.from(user).toString('base64')}`;
  }
  return { name: url.host, baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, headers };
}

const badUrl = (cause: unknown): HoldfastError =>
  new HoldfastError('BEACON_BAD_URL', 'not the URL of a beacon node', {
    fix: 'Write http://host:port or https://host',
    cause,
  });
