import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { SignerAccessError } from './errors.ts';

/** The Keymanager API asks for at least 256 bits; as hex that is 64 digits. */
const TOKEN_LENGTH_MIN = 64;
const TOKEN_LENGTH_MAX = 1024;
/** RFC 6750's `b64token`: what may stand after `Bearer`. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** A token as the signer keeps it: its hash, so that the token itself is nowhere in memory once its file is read. */
export type TokenHash = Buffer;

/**
 * Reads a bearer token from a file that only its owner may read.
 *
 * @throws SignerAccessError when the file is missing, readable by group or others, or holds no token of 256 bits.
 */
export function readTokenFile(path: string): TokenHash {
  const fd = openToken(path);
  try {
    const { mode } = fstatSync(fd);
    if ((mode & 0o077) !== 0) {
      throw new SignerAccessError('the token file may be read by others than its owner', {
        data: { path, mode: `0${(mode & 0o777).toString(8)}` },
        fix: 'Run chmod 600 on it, and replace the token if others may have read it',
      });
    }
    const token = readFileSync(fd, 'utf8').trim();
    if (token.length < TOKEN_LENGTH_MIN || token.length > TOKEN_LENGTH_MAX || !TOKEN.test(token)) {
      throw new SignerAccessError('the token file does not hold a bearer token of at least 256 bits', {
        data: { path, length: token.length, lengthMin: TOKEN_LENGTH_MIN },
        fix: 'Write 32 random bytes as 64 hex digits into it: openssl rand -hex 32',
      });
    }
    return hashToken(token);
  } finally {
    closeSync(fd);
  }
}

/** Writes a new random token to a new file of mode 0600. An existing file is never touched: `false` then. */
export function createTokenFile(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new SignerAccessError('the token file cannot be written', { data: { path }, cause });
  }
  try {
    writeSync(fd, `${randomBytes(32).toString('hex')}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return true;
}

export const hashToken = (token: string): TokenHash => createHash('sha256').update(token).digest();

/**
 * Which of `hashes` belongs to `token`; −1 when none does. All are compared, each in constant time: neither a token's
 * digits nor its place in the list can be learned from how long an answer takes.
 */
export function matchToken(token: string, hashes: readonly TokenHash[]): number {
  const given = hashToken(token);
  let found = -1;
  for (let index = 0; index < hashes.length; index += 1) {
    if (timingSafeEqual(given, hashes[index]!)) found = index;
  }
  return found;
}

/** The token of an `Authorization` header; undefined when there is none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const match = /^Bearer +([^ ]+) *$/i.exec(authorization);
  return match?.[1];
}

function openToken(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY);
  } catch (cause) {
    throw new SignerAccessError('the token file cannot be read', {
      data: { path },
      fix: 'Create it with mode 600 (openssl rand -hex 32), or correct its path',
      cause,
    });
  }
}
