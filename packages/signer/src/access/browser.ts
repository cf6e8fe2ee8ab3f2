import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Names by which a program on the same machine calls a loopback listener. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', 'ip6-localhost']);

/** What a request must say about itself so that no web page can be behind it. */
export interface BrowserRules {
  /** Host names (no port) that a request may be addressed to; null: any, since every caller must show who it is. */
  readonly hosts: ReadonlySet<string> | null;
}

/** Rules for a listener on `host`: on loopback only names of this machine, and `allowedHosts`. */
export function browserRules(host: string, allowedHosts: readonly string[] = []): BrowserRules {
  const extra = allowedHosts.map((name) => name.toLowerCase());
  if (isLoopback(host)) return { hosts: new Set([...LOOPBACK_NAMES, bracketed(host), ...extra]) };
  return { hosts: extra.length > 0 ? new Set([...extra, bracketed(host)]) : null };
}

/**
 * Why a request is refused as one that a browser may have sent; null when it is fine.
 *
 * A page that re-points its own name to 127.0.0.1 (DNS rebinding) still sends its own name as `Host`; a page that posts
 * across origins sends `Origin`; and browsers add `Sec-Fetch-Site` to what they send to a loopback or HTTPS address
 * (`none` is an address that a person typed). No validator client sends either of these two.
 */
export function browserRefusal(rules: BrowserRules, headers: IncomingHttpHeaders): string | null {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) {
    return 'requests of web pages are refused: neither Origin nor Sec-Fetch-Site may be sent';
  }
  if (rules.hosts === null) return null;
  const { host } = headers;
  if (host !== undefined && rules.hosts.has(withoutPort(host))) return null;
  return 'this Host is not served here: call the signer by localhost, or add the name to its allowed hosts';
}

/** Whether only this machine can reach a listener on `host`. Any name but `localhost` counts as reachable. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function withoutPort(host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':');
  return (end > 0 ? host.slice(0, end) : host).toLowerCase();
}

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host.toLowerCase());
