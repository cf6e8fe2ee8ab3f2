import { asPubkey, type Pubkey } from '@holdfast/units';
import { SIGN_TYPES } from '../requests/types.ts';
import { TokenBucket } from './bucket.ts';
import type { AccessConfig, ClientConfig } from './config.ts';
import { SignerAccessError } from './errors.ts';
import { bearerOf, matchToken, readTokenFile, type TokenHash } from './tokens.ts';

/** The certificate of a caller that TLS has verified against the client CA. */
export interface PeerCertificate {
  readonly sha256: string;
  readonly commonName: string;
}

/** Somebody whom the signer knows, for the length of a request. Structurally the signing service's `Client`. */
export interface Caller {
  readonly name: string;
  readonly role: 'client' | 'admin';
  mayUse(pubkey: Pubkey): boolean;
  mayAsk(type: string): boolean;
  /** Takes one request from the caller's own rate: 0, or the milliseconds to wait. */
  take(): number;
}

/** Why nobody is known behind a request: 401 nothing was shown, 403 what was shown is not known. */
export interface Stranger {
  readonly status: 401 | 403;
  readonly message: string;
}

export interface AccessParts {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly readToken?: (path: string) => TokenHash;
}

/**
 * Tells callers apart by bearer token or by client certificate. Tokens are read once, here.
 *
 * @throws SignerAccessError for names given twice, clients that could never be recognised, and bad token files.
 */
export class Access {
  /** Whether anybody who reaches the listener may ask for signatures. */
  readonly open: boolean;
  readonly hasAdmins: boolean;
  readonly #anonymous: Caller;
  readonly #tokens: readonly TokenHash[];
  readonly #byToken: readonly Caller[];
  readonly #bySha256 = new Map<string, Caller>();
  readonly #byCommonName = new Map<string, Caller>();

  constructor(config: AccessConfig, { now, readToken = readTokenFile }: AccessParts) {
    const clients = config.clients ?? [];
    const admins = config.admins ?? [];
    checkNames([...clients, ...admins].map(({ name }) => name));
    this.open = clients.length === 0;
    this.hasAdmins = admins.length > 0;
    this.#anonymous = callerOf({ name: 'anonymous' }, now);
    const tokens: TokenHash[] = [];
    const byToken: Caller[] = [];
    for (const client of clients) {
      const caller = callerOf(client, now);
      this.#addCertificate(client, caller);
      if (client.tokenFile === undefined) continue;
      tokens.push(readToken(client.tokenFile));
      byToken.push(caller);
    }
    for (const { name, tokenFile } of admins) {
      tokens.push(readToken(tokenFile));
      byToken.push({ name, role: 'admin', mayUse: () => true, mayAsk: () => false, take: () => 0 });
    }
    checkTokens(tokens, byToken);
    this.#tokens = tokens;
    this.#byToken = byToken;
  }

  /** Who is behind a request, by its `Authorization` header and by the certificate that TLS verified, if any. */
  identify(authorization: string | undefined, certificate: PeerCertificate | null): Caller | Stranger {
    if (authorization !== undefined) {
      const token = bearerOf(authorization);
      const index = token === undefined ? -1 : matchToken(token, this.#tokens);
      return this.#byToken[index] ?? { status: 403, message: 'this token is not known here' };
    }
    if (certificate !== null) {
      const known = this.#bySha256.get(certificate.sha256) ?? this.#byCommonName.get(certificate.commonName);
      if (known !== undefined) return known;
      if (!this.open) return { status: 403, message: 'this certificate belongs to no client that is named here' };
    }
    if (this.open) return this.#anonymous;
    return { status: 401, message: 'show who you are: a bearer token or a client certificate is asked for' };
  }

  #addCertificate({ name, certificate, tokenFile }: ClientConfig, caller: Caller): void {
    const { sha256, commonName } = certificate ?? {};
    if (sha256 === undefined && commonName === undefined) {
      if (tokenFile !== undefined) return;
      throw new SignerAccessError('a client can never be recognised', {
        data: { client: name },
        fix: 'Give it a tokenFile, or a certificate by sha256 or commonName',
      });
    }
    if (sha256 !== undefined) addOnce(this.#bySha256, fingerprint(sha256, name), caller);
    else addOnce(this.#byCommonName, commonName!, caller);
  }
}

/** Whether `identify` found somebody. */
export const isCaller = (found: Caller | Stranger): found is Caller => 'role' in found;

const TYPES: ReadonlySet<string> = new Set(SIGN_TYPES);

function callerOf({ name, keys, types, rate }: ClientConfig, now: () => number): Caller {
  const [ownKeys, ownTypes] = [keys && new Set(keys.map(asPubkey)), types && new Set(types)];
  const unknown = types?.find((type) => !TYPES.has(type));
  if (unknown !== undefined) {
    throw new SignerAccessError('a client is allowed a request type that there is not', {
      data: { client: name, type: unknown },
      fix: `Choose of ${SIGN_TYPES.join(', ')}`,
    });
  }
  if (rate && !(rate.perSecond > 0 && rate.burst >= 1)) {
    throw new SignerAccessError('a rate limit must let something through', {
      data: { client: name, ...rate },
      fix: 'Give perSecond above 0 and burst of 1 or more, or leave the rate out',
    });
  }
  const bucket = rate && new TokenBucket(rate, now);
  return {
    name,
    role: 'client',
    mayUse: (pubkey) => ownKeys?.has(pubkey) ?? true,
    mayAsk: (type) => ownTypes?.has(type) ?? true,
    take: () => bucket?.take() ?? 0,
  };
}

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '' || name === 'anonymous' || seen.has(name)) {
      throw new SignerAccessError('each client and admin needs a name of its own', { data: { name } });
    }
    seen.add(name);
  }
}

function checkTokens(tokens: readonly TokenHash[], callers: readonly Caller[]): void {
  const seen = new Map<string, string>();
  for (const [index, token] of tokens.entries()) {
    const name = callers[index]!.name;
    const other = seen.get(token.toString('hex'));
    if (other !== undefined) {
      throw new SignerAccessError('two callers have the same token, so they cannot be told apart', {
        data: { name, other },
        fix: 'Give each its own token file',
      });
    }
    seen.set(token.toString('hex'), name);
  }
}

function addOnce(map: Map<string, Caller>, key: string, caller: Caller): void {
  const other = map.get(key);
  if (other !== undefined) {
    throw new SignerAccessError('two clients have the same certificate, so they cannot be told apart', {
      data: { name: caller.name, other: other.name },
    });
  }
  map.set(key, caller);
}

/** `AB:CD…` or `abcd…` to Node's form, `AB:CD…`. */
function fingerprint(text: string, client: string): string {
  const digits = text.replaceAll(':', '').toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(digits)) {
    throw new SignerAccessError('not the SHA-256 fingerprint of a certificate', {
      data: { client, value: text },
      fix: 'Copy what openssl x509 -noout -fingerprint -sha256 -in cert.pem prints after the =',
    });
  }
  return digits.match(/../g)!.join(':');
}
