import {
  BitListType,
  BitVectorType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  ProgressiveBitListType,
  ProgressiveContainerType,
  type Type,
  UintBigintType,
  type ValueOf,
  VectorCompositeType,
} from '@chainsafe/ssz';
import { ACTIVE_PRESET } from '@lodestar/params';
import { mainnetPreset } from '@lodestar/params/presets/mainnet';
import { minimalPreset } from '@lodestar/params/presets/minimal';
import * as read from './read.ts';

const shapes = new WeakMap<object, read.Shape>();

/**
 * The value of an SSZ type from its JSON form (Beacon API encoding), and nothing but it: `fromJson` of the types
 * themselves overlooks fields that do not belong, and its errors do not say where.
 */
export function decode<T extends Type<unknown>>(type: T, value: unknown, path: string): ValueOf<T> {
  return jsonValueOf(type, value, path) as ValueOf<T>;
}

function jsonValueOf(type: Type<unknown>, value: unknown, path: string): unknown {
  if (type instanceof ContainerType || type instanceof ProgressiveContainerType) return container(type, value, path);
  if (type instanceof UintBigintType) return read.uint64(value, path);
  if (type instanceof ByteVectorType) return read.bytes(value, path, type.lengthBytes);
  if (type instanceof BitVectorType) return bitVector(type, value, path);
  if (type instanceof BitListType || type instanceof ProgressiveBitListType) return bitList(type, value, path);
  if (type instanceof VectorCompositeType) {
    const items = read.list(value, path, type.length);
    if (items.length !== type.length) throw read.malformed(path, `a list of exactly ${type.length}`, value);
    return elements(type.elementType, items, path);
  }
  if (type instanceof ListBasicType || type instanceof ListCompositeType) {
    return elements(type.elementType, read.list(value, path, type.limit), path);
  }
  throw new TypeError(`no JSON form is known for ${type.typeName}`);
}

type AnyContainer =
  | ContainerType<Record<string, Type<unknown>>>
  | ProgressiveContainerType<Record<string, Type<unknown>>>;

function container(type: AnyContainer, value: unknown, path: string): unknown {
  let shape = shapes.get(type);
  if (!shape) {
    shape = read.shapeOf(...Object.keys(type.fields));
    shapes.set(type, shape);
  }
  const fields = read.fieldsOf(shape, value, path);
  return Object.fromEntries(
    shape.names.map((name, place) => [name, jsonValueOf(type.fields[name]!, fields[place], read.at(path, name))]),
  );
}

const elements = (type: Type<unknown>, items: readonly unknown[], path: string): unknown[] =>
  Array.from(items, (item, index) => jsonValueOf(type, item, `${path}[${index}]`));

function bitVector(type: BitVectorType, value: unknown, path: string): unknown {
  const length = Math.ceil(type.lengthBits / 8);
  if (typeof value === 'string' && value.length !== 2 + 2 * length) {
    throw read.malformed(path, `0x and ${length} bytes in hex`, value, otherPreset(type, value.length / 2 - 1));
  }
  return bits(type, read.bytes(value, path, length), value, path);
}

function bitList(type: BitListType | ProgressiveBitListType, value: unknown, path: string): unknown {
  // One bit more than the limit: the delimiter.
  return bits(type, read.anyBytes(value, path, Math.floor(type.limitBits / 8) + 1), value, path);
}

function bits(
  type: BitListType | ProgressiveBitListType | BitVectorType,
  serialized: Uint8Array,
  value: unknown,
  path: string,
): unknown {
  try {
    return type.deserialize(serialized);
  } catch {
    const right =
      type instanceof BitVectorType ? 'padded with zero bits' : `a bit list of at most ${type.limitBits} bits`;
    throw read.malformed(path, right, value);
  }
}

/** What to say when a length is wrong here but right for a network of another preset. */
function otherPreset(type: BitVectorType, lengthBytes: number): string | undefined {
  const fits = Object.entries({ mainnet: mainnetPreset, minimal: minimalPreset }).find(([name, preset]) => {
    if (name === ACTIVE_PRESET) return false;
    const { SYNC_COMMITTEE_SIZE: size, MAX_COMMITTEES_PER_SLOT: committees } = preset;
    const here = name === 'mainnet' ? minimalPreset : mainnetPreset;
    const pairs = [
      [here.SYNC_COMMITTEE_SIZE, size],
      [here.SYNC_COMMITTEE_SIZE / 4, size / 4],
      [here.MAX_COMMITTEES_PER_SLOT, committees],
    ];
    return pairs.some(([mine, other]) => mine === type.lengthBits && Math.ceil(other! / 8) === lengthBytes);
  });
  return fits
    ? `This length belongs to the ${fits[0]} preset, and the signer runs with ${ACTIVE_PRESET}: set LODESTAR_PRESET=${fits[0]} if the network uses it`
    : undefined;
}
