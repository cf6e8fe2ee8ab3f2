import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../access/access.ts';
import { SignerAccessError } from '../access/errors.ts';
import type { Limits } from './limits.ts';

/** The server's certificate, and the CA whose clients it lets in. All PEM. */
export interface TlsOptions {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string;
  /** With it, TLS refuses every client that shows no certificate of this CA (mTLS). */
  readonly clientCa?: string | Buffer;
}

/** A server with the limits set, not yet listening. Slow senders are looked for every second. */
export function createListener(tls: TlsOptions | undefined, limits: Limits, onRequest: RequestListener): Server {
  const timeouts = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: Math.max(limits.requestTimeoutMs, limits.headersTimeoutMs),
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
    noDelay: true,
  };
  const server = tls ? tlsServer(tls, timeouts, onRequest) : createServer(timeouts, onRequest);
  server.maxConnections = limits.connectionsMax;
  return server;
}

function tlsServer(tls: TlsOptions, timeouts: object, onRequest: RequestListener): Server {
  const { cert, key, passphrase, clientCa } = tls;
  const mutual = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  try {
    const secrets = { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
    return createTlsServer({ ...timeouts, ...secrets, ...mutual, minVersion: 'TLSv1.2' }, onRequest);
  } catch (cause) {
    throw new SignerAccessError('the TLS certificate, its key or the client CA cannot be used', {
      data: { reason: cause instanceof Error ? cause.message : 'unknown' },
      fix: 'Give PEM files that belong together, and the passphrase if the key has one',
    });
  }
}

/** Listens, and tells the port (which the system chose when 0 was asked for). */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) =>
      reject(
        new SignerAccessError('the signer cannot listen there', {
          data: { host, port, reason: cause.code ?? cause.message },
          fix: 'Free the port or choose another, and give an address of this machine',
        }),
      );
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** `http://127.0.0.1:9000`, with brackets where an IPv6 address needs them. */
export const urlOf = (host: string, port: number, tls: boolean): string =>
  `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;

const certificates = new WeakMap<Socket, PeerCertificate | null>();

/** The certificate that TLS verified for this connection; read once, since that costs more than a request. */
export function certificateOf(socket: Socket): PeerCertificate | null {
  const known = certificates.get(socket);
  if (known !== undefined) return known;
  const found = socket instanceof TLSSocket && socket.authorized ? readCertificate(socket) : null;
  certificates.set(socket, found);
  return found;
}

function readCertificate(socket: TLSSocket): PeerCertificate | null {
  const { fingerprint256, subject } = socket.getPeerCertificate();
  if (fingerprint256 === undefined) return null;
  const commonName = subject?.CN;
  return { sha256: fingerprint256, commonName: typeof commonName === 'string' ? commonName : '' };
}
