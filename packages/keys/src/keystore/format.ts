// EIP-2335: the JSON of a BLS keystore, version 4.
import type { Pubkey } from '@holdfast/units';
import { checkedPubkey } from '../bls/bls.ts';
import { KeystoreFormatError } from './errors.ts';
import { checkedCost, type Kdf } from './kdf.ts';

/** A keystore that was parsed and checked, with nothing opened yet. */
export interface Keystore {
  readonly kdf: Kdf;
  /** SHA-256 over the upper half of the derived key and the ciphertext. */
  readonly checksum: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** Not every tool writes it. */
  readonly pubkey: Pubkey | undefined;
  /** EIP-2334 path, or empty when the key has none. */
  readonly path: string;
  readonly description: string;
  readonly uuid: string;
}

const TEXT_MAX = 64 * 1024;
const LABEL_MAX = 1024;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Fields = Readonly<Record<string, unknown>>;

/**
 * A keystore from its text, or from the object of its JSON. Fields that EIP-2335 does not know are passed over.
 * @throws KeystoreFormatError which names the field
 * @throws KeystoreCostError when its key derivation would take more memory or time than an honest file's
 */
export function parseKeystore(input: unknown): Keystore {
  const file = objectOf(typeof input === 'string' ? json(input) : input, 'JSON');
  if (file.version !== 4) {
    const given = Number.isInteger(file.version) ? file.version : typeof file.version;
    throw new KeystoreFormatError('version', 'is not 4, so it is no EIP-2335 keystore', { data: { version: given } });
  }
  const crypto = objectOf(file.crypto, 'crypto');
  const checksum = moduleOf(crypto, 'checksum', ['sha256']);
  const cipher = moduleOf(crypto, 'cipher', ['aes-128-ctr']);
  const uuid = textOf(file.uuid, 'uuid');
  if (!UUID.test(uuid)) throw new KeystoreFormatError('uuid', 'is not a UUID');
  return {
    kdf: kdfOf(moduleOf(crypto, 'kdf', ['scrypt', 'pbkdf2'])),
    checksum: bytesOf(checksum.message, 'crypto.checksum.message', 32, 32),
    iv: bytesOf(cipher.params.iv, 'crypto.cipher.params.iv', 16, 16),
    ciphertext: bytesOf(cipher.message, 'crypto.cipher.message', 32, 32),
    pubkey: pubkeyOf(file.pubkey),
    path: textOf(file.path, 'path'),
    description: file.description === undefined ? '' : textOf(file.description, 'description'),
    uuid,
  };
}

function json(text: string): unknown {
  if (text.length > TEXT_MAX) {
    throw new KeystoreFormatError('text', 'is too long', { data: { characters: text.length, max: TEXT_MAX } });
  }
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch {
    // The parser's own message would quote the file.
    throw new KeystoreFormatError('text', 'is not JSON');
  }
}

interface Module {
  readonly function: string;
  readonly params: Fields;
  readonly message: unknown;
}

/** One of the three modules of `crypto`. */
function moduleOf(crypto: Fields, name: string, functions: readonly string[]): Module {
  const field = `crypto.${name}`;
  const module = objectOf(crypto[name], field);
  const chosen = textOf(module.function, `${field}.function`);
  if (!functions.includes(chosen)) {
    throw new KeystoreFormatError(`${field}.function`, `is not ${functions.join(' or ')}`, { data: { given: chosen } });
  }
  return { function: chosen, params: objectOf(module.params, `${field}.params`), message: module.message };
}

function kdfOf({ function: name, params, message }: Module): Kdf {
  const field = 'crypto.kdf';
  if (message !== '') throw new KeystoreFormatError(`${field}.message`, 'is not empty');
  const number = (param: string) => integerOf(params[param], `${field}.params.${param}`);
  const salt = bytesOf(params.salt, `${field}.params.salt`, 1, 256);
  if (number('dklen') !== 32) {
    throw new KeystoreFormatError(`${field}.params.dklen`, 'is not 32', { data: { dklen: params.dklen } });
  }
  if (name === 'scrypt') return checkedCost({ function: name, n: number('n'), r: number('r'), p: number('p'), salt });
  if (params.prf !== 'hmac-sha256') throw new KeystoreFormatError(`${field}.params.prf`, 'is not hmac-sha256');
  return checkedCost({ function: 'pbkdf2', c: number('c'), salt });
}

function pubkeyOf(value: unknown): Pubkey | undefined {
  if (value === undefined || value === '') return undefined;
  const bytes = bytesOf(value, 'pubkey', 48, 48);
  try {
    return checkedPubkey(bytes);
  } catch (cause) {
    throw new KeystoreFormatError('pubkey', 'is not a point of its group', { cause });
  }
}

function objectOf(value: unknown, field: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new KeystoreFormatError(field, value === undefined ? 'is missing' : 'is not an object');
}

function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string') {
    throw new KeystoreFormatError(field, value === undefined ? 'is missing' : 'is not text');
  }
  if (value.length > LABEL_MAX) throw new KeystoreFormatError(field, 'is too long', { data: { max: LABEL_MAX } });
  return value;
}

function integerOf(value: unknown, field: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new KeystoreFormatError(field, value === undefined ? 'is missing' : 'is not a whole number above zero');
}

/** Hex, as the tools write it: without `0x`, or with it. */
function bytesOf(value: unknown, field: string, min: number, max: number): Uint8Array {
  const text = textOf(value, field).replace(/^0x/, '');
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new KeystoreFormatError(field, 'is not hex');
  const bytes = new Uint8Array(Buffer.from(text, 'hex'));
  if (bytes.length >= min && bytes.length <= max) return bytes;
  throw new KeystoreFormatError(field, 'has the wrong length', { data: { bytes: bytes.length, min, max } });
}
