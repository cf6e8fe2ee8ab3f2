import type { ErrorDetails, Hex, Root } from '@holdfast/units';
import { BadRequestError } from '../errors.ts';

const UINT64_MAX = 2n ** 64n - 1n;
const DECIMAL = /^(?:0|[1-9][0-9]{0,19})$/;

/** `expected` is what should stand at `path`, as a noun. */
export function malformed(path: string, expected: string, value: unknown, fix?: string): BadRequestError {
  const details: ErrorDetails = { data: { path, value: shown(value) }, ...(fix === undefined ? {} : { fix }) };
  return new BadRequestError(`${path || 'the body'} must be ${expected}`, details);
}

/** A value of any kind, short enough for one line of an error. */
function shown(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 80 ? `${value.slice(0, 80)}… (${value.length} characters)` : value;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return String(value);
}

/** The fields of a JSON object, in the order in which they are wanted. */
export interface Shape {
  readonly names: readonly string[];
  /** Both spellings of a name (`signing_root`, `signingRoot`) lead to its place. */
  readonly places: ReadonlyMap<string, number>;
}

/** Clients write the names of the consensus specs with underscores; older ones in camel case. Both are understood. */
export function shapeOf(...names: readonly string[]): Shape {
  const places = new Map<string, number>();
  names.forEach((name, place) => {
    places.set(name, place);
    places.set(camelCase(name), place);
  });
  return { names, places };
}

const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());

/** Exactly the fields of `shape`: one missing, twice or unknown is an error. */
export function fieldsOf(shape: Shape, value: unknown, path: string): unknown[] {
  const found = pick(shape, value, path, 'refuse');
  for (let place = 0; place < shape.names.length; place += 1) {
    if (found[place] === undefined) throw missing(at(path, shape.names[place]!));
  }
  return found;
}

/** The fields of `shape` that are there; `undefined` for those absent or null. */
export function optionalFieldsOf(
  shape: Shape,
  value: unknown,
  path: string,
  unknownFields: 'refuse' | 'ignore',
): unknown[] {
  return pick(shape, value, path, unknownFields).map((field) => field ?? undefined);
}

export const missing = (path: string): BadRequestError =>
  new BadRequestError(`${path} is missing`, { data: { path }, fix: 'Send every field that the Web3Signer API names' });

function pick(shape: Shape, value: unknown, path: string, unknownFields: 'refuse' | 'ignore'): unknown[] {
  const record = objectOf(value, path);
  const found: unknown[] = new Array(shape.names.length).fill(undefined);
  for (const name of Object.keys(record)) {
    const place = shape.places.get(name);
    if (place === undefined) {
      if (unknownFields === 'ignore') continue;
      throw new BadRequestError(`${at(path, name.slice(0, 80))} is not a field of this object`, {
        data: { path: at(path, name.slice(0, 80)), value: shown(record[name]) },
        fix: 'Leave it out: it would not be signed',
      });
    }
    if (found[place] !== undefined) throw malformed(at(path, shape.names[place]!), 'given once', record[name]);
    found[place] = record[name];
  }
  return found;
}

function objectOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(path, 'an object', value);
  return value as Readonly<Record<string, unknown>>;
}

/** Where a field stands, as an error names it. */
export const at = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** A decimal string as the specs want it, or a JSON number that lost nothing. */
export function uint64(value: unknown, path: string): bigint {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  } else if (typeof value === 'string' && DECIMAL.test(value)) {
    const number = BigInt(value);
    if (number <= UINT64_MAX) return number;
  }
  throw malformed(path, 'a whole number from 0 to 2^64 − 1', value, 'Send it as a decimal string');
}

/** `0x` and exactly `length` bytes. */
export function bytes(value: unknown, path: string, length: number): Uint8Array {
  if (typeof value === 'string' && value.length === 2 + 2 * length && value.startsWith('0x')) {
    // Decoding stops at the first character that is not a digit, so a short result is the check.
    const decoded = Buffer.from(value.slice(2), 'hex');
    if (decoded.length === length) return decoded;
  }
  throw malformed(path, `0x and ${length} bytes in hex`, value);
}

/** `0x` and up to `lengthMax` bytes. */
export function anyBytes(value: unknown, path: string, lengthMax: number): Uint8Array {
  if (typeof value === 'string' && value.length % 2 === 0 && value.length <= 2 + 2 * lengthMax) {
    return bytes(value, path, value.length / 2 - 1);
  }
  throw malformed(path, `0x and at most ${lengthMax} bytes in hex`, value);
}

/** A fork version as lower-case hex. */
export function version(value: unknown, path: string): Hex {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{8}$/.test(value)) return value.toLowerCase() as Hex;
  throw malformed(path, '0x and 4 bytes in hex', value);
}

/** 32 bytes as lower-case hex. */
export function root(value: unknown, path: string): Root {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase() as Root;
  throw malformed(path, '0x and 32 bytes in hex', value);
}

export function list(value: unknown, path: string, lengthMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(path, 'a list', value);
  if (value.length > lengthMax) throw malformed(path, `a list of at most ${lengthMax}`, value);
  return value;
}

export function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw malformed(path, 'a string', value);
  return value;
}
