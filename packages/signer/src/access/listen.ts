import { isLoopback } from './browser.ts';
import type { AccessConfig } from './config.ts';
import { SignerAccessError } from './errors.ts';

/** What matters of a listener for the question whether it is safe. */
export interface Listener {
  readonly host: string;
  readonly tls: boolean;
  /** Whether TLS asks for a certificate of the client, and refuses those of other CAs. */
  readonly mutualTls: boolean;
}

/**
 * Refuses to listen where others than this machine's programs could ask for signatures without showing who they are.
 *
 * @throws SignerAccessError saying what to do.
 */
export function checkListener({ host, tls, mutualTls }: Listener, access: AccessConfig): void {
  if (isLoopback(host) || mutualTls) return;
  const clients = access.clients ?? [];
  if (clients.length === 0) {
    throw new SignerAccessError('the signer would answer anybody who reaches this address', {
      data: { host },
      fix: 'Listen on 127.0.0.1, or give TLS a client CA (mTLS), or name clients with bearer tokens',
    });
  }
  const tokenless = clients.filter(({ tokenFile }) => tokenFile === undefined).map(({ name }) => name);
  if (tokenless.length > 0) {
    throw new SignerAccessError('without mTLS a client can only be known by a bearer token, and some have none', {
      data: { host, clients: tokenless },
      fix: 'Give each of them a tokenFile, or give TLS a client CA',
    });
  }
  if (!tls && access.plaintextTokens !== true) {
    throw new SignerAccessError('bearer tokens would cross the network in plain text', {
      data: { host },
      fix: 'Give a TLS certificate, or set plaintextTokens where something else encrypts the way',
    });
  }
}
