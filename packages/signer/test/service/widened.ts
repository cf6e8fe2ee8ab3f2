import {
  ContainerType,
  ListBasicType,
  ListCompositeType,
  ProgressiveContainerType,
  type Type,
  UintBigintType,
  UintNumberType,
  VectorCompositeType,
} from '@chainsafe/ssz';

type Fields = Record<string, Type<unknown>>;
const kept = new Map<Type<unknown>, Type<unknown>>();

/** One of Lodestar's types with every number a bigint, so that it holds all of uint64. The root stays the same. */
export function widened(type: Type<unknown>): Type<unknown> {
  const known = kept.get(type) ?? widen(type);
  kept.set(type, known);
  return known;
}

function widen(type: Type<unknown>): Type<unknown> {
  if (type instanceof UintNumberType) return new UintBigintType(type.byteLength as 8);
  if (type instanceof ContainerType)
    return new ContainerType(fieldsOf(type.fields), { ...type.opts, typeName: 'Widened' });
  if (type instanceof ProgressiveContainerType) {
    const active = Array.from({ length: type.activeFields.bitLen }, (_, at) => type.activeFields.get(at));
    return new ProgressiveContainerType(fieldsOf(type.fields), active, { ...type.opts, typeName: 'Widened' });
  }
  if (type instanceof ListBasicType) return new ListBasicType(widened(type.elementType) as UintBigintType, type.limit);
  if (type instanceof ListCompositeType) return new ListCompositeType(widened(type.elementType) as never, type.limit);
  if (type instanceof VectorCompositeType)
    return new VectorCompositeType(widened(type.elementType) as never, type.length);
  return type;
}

const fieldsOf = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, widened(field)]));
