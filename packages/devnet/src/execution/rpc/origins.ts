const LOOPBACK = /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host name means this machine. Brackets around IPv6, as in a URL. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname.toLowerCase());

/** Whether a page of this origin may call: those served from this machine may, others only when they are listed. */
export function isAllowedOrigin(origin: string, listed: readonly string[]): boolean {
  if (listed.includes('*') || listed.includes(origin)) return true;
  // A sandboxed or local file says "null", and that could be anybody's.
  if (!URL.canParse(origin)) return false;
  return isLoopback(new URL(origin).hostname);
}

/**
 * Whether the `Host` header names this machine. A page that rebinds its own name to 127.0.0.1 (DNS rebinding) is of the
 * same origin as the server in the browser's eyes, but cannot hide that name.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  const url = `http://${host ?? ''}`;
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}
