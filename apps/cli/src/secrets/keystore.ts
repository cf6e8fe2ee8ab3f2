import { createDecipheriv, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import { keccak256, toBytes } from 'viem';
import { CliKeyError } from '../errors.ts';

/** What a keystore may cost to open: more than any wallet writes, less than would hang us. */
const SCRYPT_N_MAX = 2 ** 20;
const SCRYPT_BYTES_MAX = 2 ** 31 - 1;
const PBKDF2_ROUNDS_MAX = 10_000_000;

/**
 * Opens a Web3 Secret Storage keystore, version 3 (what geth, ethers and wallets write): the password gives a key by
 * scrypt or PBKDF2, half of which decrypts (AES-128-CTR) and half of which proves by a MAC that the password is right.
 *
 * @returns the private key in hex
 */
export function decryptKeystore(text: string, password: string, source: string): string {
  const fail = (why: string): never => {
    throw new CliKeyError(why, { data: { source } });
  };
  const keystore = parse(text) ?? fail('the keystore is not JSON');
  const crypto = object(keystore.crypto ?? keystore.Crypto) ?? fail('the keystore has no crypto section');
  if (keystore.version !== 3) fail('the keystore is not of version 3');
  if (crypto.cipher !== 'aes-128-ctr') fail('the keystore has a cipher that version 3 does not know');
  const iv = bytes(object(crypto.cipherparams)?.iv);
  const [ciphertext, mac] = [bytes(crypto.ciphertext), bytes(crypto.mac)];
  if (!iv || !ciphertext || !mac || iv.length !== 16 || ciphertext.length !== 32 || mac.length !== 32) {
    return fail('the keystore is incomplete');
  }
  const key =
    derive(crypto.kdf, object(crypto.kdfparams), password) ?? fail('the keystore asks for an unknown derivation');
  const actual = toBytes(keccak256(Buffer.concat([key.subarray(16, 32), ciphertext])));
  if (!timingSafeEqual(actual, mac)) fail('the password does not open the keystore');
  const decipher = createDecipheriv('aes-128-ctr', key.subarray(0, 16), iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('hex');
}

function derive(kdf: unknown, params: Record<string, unknown> | null, password: string): Buffer | null {
  const salt = bytes(params?.salt);
  if (!params || !salt || params.dklen !== 32) return null;
  if (kdf === 'scrypt') {
    const { n, r, p } = params;
    if (!count(n, SCRYPT_N_MAX) || !count(r, 64) || !count(p, 64)) return null;
    // RFC 7914: N < 2^(128·r/8). OpenSSL keeps to it.
    if (n >= 2 ** (16 * r)) return null;
    const maxmem = Math.min(256 * n * r + 2 ** 20, SCRYPT_BYTES_MAX);
    return scryptSync(password, salt, 32, { N: n, r, p, maxmem });
  }
  if (kdf === 'pbkdf2' && params.prf === 'hmac-sha256' && count(params.c, PBKDF2_ROUNDS_MAX)) {
    return pbkdf2Sync(password, salt, params.c, 32, 'sha256');
  }
  return null;
}

const count = (value: unknown, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;

const object = (value: unknown): Record<string, unknown> | null =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;

function bytes(value: unknown): Buffer | null {
  if (typeof value !== 'string' || !/^(?:0x)?(?:[0-9a-fA-F]{2})+$/.test(value)) return null;
  return Buffer.from(value.replace(/^0x/, ''), 'hex');
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return object(JSON.parse(text));
  } catch {
    return null;
  }
}
