// The part of the metadata proposal that `@peculiar/x509` builds upon and Node does not have. To be imported before it.
const metadata = new WeakMap<object, Map<unknown, unknown>>();

Object.assign(Reflect, {
  defineMetadata(key: unknown, value: unknown, target: object) {
    const entries = metadata.get(target) ?? new Map<unknown, unknown>();
    metadata.set(target, entries.set(key, value));
  },
  getOwnMetadata: (key: unknown, target: object) => metadata.get(target)?.get(key),
  getMetadata(key: unknown, target: object) {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      if (metadata.get(at)?.has(key)) return metadata.get(at)!.get(key);
    }
    return undefined;
  },
});
