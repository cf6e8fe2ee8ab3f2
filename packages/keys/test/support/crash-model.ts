/** What operation `number` does: keys come and, three later, go again. */
export function operation(number: number): { readonly add: boolean; readonly key: number } {
  const key = number >> 1;
  return number % 2 === 0 || key < 3 ? { add: true, key } : { add: false, key: key - 3 };
}

/** The keys that are there after the first `count` operations. */
export function keysAfter(count: number): Set<number> {
  const keys = new Set<number>();
  for (let number = 0; number < count; number += 1) {
    const { add, key } = operation(number);
    if (add) keys.add(key);
    else keys.delete(key);
  }
  return keys;
}
