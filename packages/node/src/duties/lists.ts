import { DutyError } from '../errors.ts';

/** Byte strings in one: 4 bytes of length before each. */
export function packList(items: readonly Uint8Array[]): Uint8Array {
  const out = Buffer.alloc(items.reduce((total, { length }) => total + 4 + length, 0));
  let at = 0;
  for (const item of items) {
    out.writeUInt32BE(item.length, at);
    out.set(item, at + 4);
    at += 4 + item.length;
  }
  return new Uint8Array(out);
}

/** @throws DutyError when the bytes are not a packed list: they came from a peer. */
export function unpackList(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const items: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new DutyError('agreement', 'a list is cut short', { at, bytes: bytes.length });
    items.push(bytes.slice(at + 4, end));
    at = end;
  }
  return items;
}
