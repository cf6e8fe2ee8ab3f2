import { isIP } from 'node:net';

const LOOPBACK = /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The host name of a `Host` header, lower case, without its port; null when it is none. */
export function hostnameOf(host: string | undefined): string | null {
  if (host === undefined || !/^[a-zA-Z0-9.[\]:-]+$/.test(host)) return null;
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : null;
}

export const isLoopbackName = (hostname: string): boolean => LOOPBACK.test(hostname);

/**
 * Whether a `Host` header may be served. A page that rebinds its own name to this machine (DNS rebinding) is of one
 * origin with it in the browser's eyes, but cannot hide that name; an address is no name and cannot be rebound.
 */
export function isServedHost(host: string | undefined, allowed: readonly string[]): boolean {
  const hostname = hostnameOf(host);
  if (hostname === null) return false;
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isLoopbackName(hostname) || isIP(bare) !== 0 || allowed.includes(hostname);
}

/** Whether a request's `Origin` is the very page that this server serves, or absent (no browser's page sends it so). */
export function isSameOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
