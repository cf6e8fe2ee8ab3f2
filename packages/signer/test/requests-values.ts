import {
  BitArray,
  BitListType,
  BitVectorType,
  BooleanType,
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  ProgressiveBitListType,
  ProgressiveByteListType,
  ProgressiveContainerType,
  ProgressiveListBasicType,
  ProgressiveListCompositeType,
  type Type,
  UintBigintType,
  UintNumberType,
  type ValueOf,
  VectorBasicType,
  VectorCompositeType,
} from '@chainsafe/ssz';

/** Numbers from 0 to 2^32 − 1, the same for the same seed (mulberry32). */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export const randomBytes = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random() & 255);

/** Any value of an SSZ type, with short lists and numbers that JavaScript holds exactly. */
export function randomOf<T extends Type<unknown>>(type: T, random: Random): ValueOf<T> {
  return valueFor(type, random) as ValueOf<T>;
}

function valueFor(type: Type<unknown>, random: Random): unknown {
  if (type instanceof ContainerType || type instanceof ProgressiveContainerType) {
    const fields = Object.entries(type.fields as Record<string, Type<unknown>>);
    return Object.fromEntries(fields.map(([name, field]) => [name, valueFor(field, random)]));
  }
  if (type instanceof UintNumberType) return random() % (type.byteLength === 1 ? 256 : 2 ** 31);
  if (type instanceof UintBigintType) return BigInt(random());
  if (type instanceof BooleanType) return random() % 2 === 0;
  if (type instanceof ByteVectorType) return randomBytes(random, type.lengthBytes);
  if (type instanceof ByteListType || type instanceof ProgressiveByteListType)
    return randomBytes(random, random() % 32);
  if (type instanceof BitVectorType) return bits(type.lengthBits, random);
  if (type instanceof BitListType || type instanceof ProgressiveBitListType) return bits(random() % 40, random);
  if (type instanceof VectorBasicType || type instanceof VectorCompositeType) {
    return Array.from({ length: type.length }, () => valueFor(type.elementType, random));
  }
  if (type instanceof ListBasicType || type instanceof ListCompositeType) {
    return Array.from({ length: random() % (Math.min(type.limit, 3) + 1) }, () => valueFor(type.elementType, random));
  }
  if (type instanceof ProgressiveListBasicType || type instanceof ProgressiveListCompositeType) {
    return Array.from({ length: random() % 4 }, () => valueFor(type.elementType, random));
  }
  throw new TypeError(`no random value for ${type.typeName}`);
}

const bits = (length: number, random: Random): BitArray =>
  BitArray.fromBoolArray(Array.from({ length }, () => random() % 2 === 0));
