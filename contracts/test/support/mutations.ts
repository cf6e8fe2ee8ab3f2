import type { Hex } from '@holdfast/units';
import { type Abi, encodeFunctionData, toFunctionSelector } from 'viem';
import type { Random } from './random.ts';

/** The arguments of a call. */
export type Args = readonly unknown[];

/** Where an argument list keeps what. */
export const at =
  <T>(place: number) =>
  (args: Args): T =>
    args[place] as T;

/** Arguments of a call that is accepted, to be altered one thing at a time. */
export interface Target<Args extends readonly unknown[]> {
  readonly name: string;
  readonly functionName: string;
  /** One of several valid argument lists; a fresh copy is mutated. */
  readonly samples: readonly Args[];
  readonly mutators: Readonly<Record<string, Mutator<Args>>>;
}

/**
 * Alters `args` in place and tells which errors may refuse them; undefined when these arguments offer nothing to alter
 * in this way. `dirty` has a second argument list: bits that its type cannot hold are set in the word that differs.
 */
export type Mutator<Args> = (args: Args, random: Random) => Expected | undefined;

export interface Expected {
  readonly errors: readonly string[];
  readonly dirty?: { readonly twin: readonly unknown[]; readonly bits: number };
}

export interface Mutant {
  readonly target: string;
  readonly kind: string;
  readonly errors: readonly string[];
  readonly data: Hex;
}

/** `count` seeded mutants of a target, its mutators in turn. */
export function mutantsOf<Args extends readonly unknown[]>(
  abi: Abi,
  target: Target<Args>,
  random: Random,
  count: number,
): Mutant[] {
  const mutants: Mutant[] = [];
  const kinds = Object.entries(target.mutators);
  for (let turn = 0; mutants.length < count; turn += 1) {
    if (turn > 20 * count) throw new Error(`${target.name}: its samples offer too little to alter`);
    const [kind, mutate] = kinds[turn % kinds.length]!;
    const original = random.pick(target.samples);
    const args = structuredClone(original) as Args;
    const expected = mutate(args, random);
    if (expected === undefined) continue;
    const encode = (list: readonly unknown[]) =>
      encodeFunctionData({ abi, functionName: target.functionName, args: list });
    const data = encode(args);
    const { dirty } = expected;
    mutants.push({
      target: target.name,
      kind,
      errors: expected.errors,
      data: dirty ? soil(data, encode(dirty.twin), dirty.bits, random) : data,
    });
  }
  return mutants;
}

/** Sets a random bit above the lowest `bits` in the one word in which two encodings differ. */
function soil(data: Hex, twin: Hex, bits: number, random: Random): Hex {
  const words = (text: Hex) => text.slice(10).match(/.{64}/g)!;
  const [mine, theirs] = [words(data), words(twin)];
  const differing = mine.flatMap((word, i) => (word === theirs[i] ? [] : [i]));
  if (mine.length !== theirs.length || differing.length !== 1) throw new Error('twins must differ in one word');
  const place = differing[0]!;
  const dirty = BigInt(`0x${mine[place]!}`) | (1n << BigInt(bits + random.below(256 - bits)));
  mine[place] = dirty.toString(16).padStart(64, '0');
  return `${data.slice(0, 10)}${mine.join('')}` as Hex;
}

/** Four-byte selectors of an ABI's errors, with their names. */
export function errorNames(...abis: Abi[]): Map<string, string> {
  const errors = abis.flat().filter((item) => item.type === 'error');
  return new Map(
    errors.map((item) => [
      toFunctionSelector(`${item.name}(${item.inputs.map(({ type }) => type).join(',')})`),
      item.name,
    ]),
  );
}

export function flipBit(word: Hex, random: Random): Hex {
  return `0x${(BigInt(word) ^ (1n << BigInt(random.below(256)))).toString(16).padStart(64, '0')}`;
}

/** Ways to alter a list of siblings: `wrong` refuses altered words, `count` an altered number of them. */
export function siblingMutators<Args extends readonly unknown[]>(
  label: string,
  listOf: (args: Args) => Hex[],
  wrong: string,
  count: string,
): Record<string, Mutator<Args>> {
  const needs = (least: number, alter: (list: Hex[], random: Random) => boolean, error: string): Mutator<Args> => {
    return (args, random) => {
      const list = listOf(args);
      return list.length >= least && alter(list, random) ? { errors: [error] } : undefined;
    };
  };
  const put = (list: Hex[], place: number, word: Hex): boolean => {
    if (list[place] === word) return false;
    list[place] = word;
    return true;
  };
  return {
    [`${label}: bit`]: needs(
      1,
      (list, random) => {
        const place = random.below(list.length);
        return put(list, place, flipBit(list[place]!, random));
      },
      wrong,
    ),
    [`${label}: other word`]: needs(1, (list, random) => put(list, random.below(list.length), random.root()), wrong),
    [`${label}: swapped`]: needs(
      2,
      (list, random) => {
        const [a, b] = random.distinct(2, list.length) as [number, number];
        const [first, second] = [list[a]!, list[b]!];
        list[b] = first;
        return put(list, a, second);
      },
      wrong,
    ),
    [`${label}: trailing`]: needs(0, (list, random) => list.push(random.root()) > 0, count),
    [`${label}: inserted`]: needs(
      1,
      (list, random) => list.splice(random.below(list.length), 0, random.root()).length === 0,
      count,
    ),
    [`${label}: dropped`]: needs(1, (list, random) => list.splice(random.below(list.length), 1).length === 1, count),
  };
}

/** A uint64 other than `value`. */
export function otherUint64(value: bigint, random: Random): bigint {
  const change = 1n << BigInt(random.below(64));
  return random.next() < 0.5 ? value ^ change : (value + 1n + BigInt(random.below(2 ** 32))) & 0xffff_ffff_ffff_ffffn;
}

/** Alters one member of a struct: numbers within uint64, words by a bit, booleans to their opposite. */
export function alterField(struct: object, random: Random, names: readonly string[] = Object.keys(struct)): string {
  const record = struct as Record<string, unknown>;
  const name = random.pick(names);
  const value = record[name];
  if (typeof value === 'boolean') record[name] = !value;
  else if (typeof value === 'bigint') record[name] = otherUint64(value, random);
  else record[name] = flipBit(value as Hex, random);
  return name;
}

/** A mutator that soils a member of a struct inside the arguments: bits beyond a uint64, or beyond a boolean. */
export function dirtyMember<Args extends readonly unknown[]>(
  structOf: (args: Args) => object,
  names: readonly string[],
  error = 'FieldOutOfRange',
): Mutator<Args> {
  return (args, random) => {
    const name = random.pick(names);
    const twin = structuredClone(args) as Args;
    const record = structOf(twin) as Record<string, bigint | boolean | number>;
    const value = record[name]!;
    record[name] = typeof value === 'boolean' ? !value : typeof value === 'number' ? value ^ 1 : value ^ 1n;
    const bits = typeof value === 'boolean' ? 1 : 64;
    return { errors: [error], dirty: { twin, bits } };
  };
}
