import type { Pubkey } from '@holdfast/units';
import { KeysError } from '../errors.ts';
import type { KeyEncryptionKey } from '../kek/kek.ts';
import { type DataKey, sealDataKey, withDataKey, withDerived } from './data-key.ts';
import { StoreIoError } from './errors.ts';
import type { StoreFile } from './files.ts';
import { FORMAT, type Header, joinFile, type SealedRecord, splitFile, VERSION } from './format.ts';
import { checkRoll, makeRoll } from './roll.ts';

export type Records = ReadonlyMap<Pubkey, SealedRecord>;

/** A store's state, as it is on disk. */
export interface Loaded {
  readonly header: Header;
  readonly headerLine: string;
  readonly records: Records;
}

/** Believes a file, with the KEK's help, or throws. */
export async function load(kek: KeyEncryptionKey, bytes: Uint8Array): Promise<Loaded> {
  const file = splitFile(bytes);
  const records = await withDataKey(kek, file.header, (key) => checkRoll(key.roll, file));
  return {
    header: file.header,
    headerLine: file.headerLine,
    records: new Map(records.map((record) => [record.pubkey, record])),
  };
}

/** Writes a store under a data key that is new, sealed by `kek`. */
export async function write(
  path: string,
  file: StoreFile,
  kek: KeyEncryptionKey,
  records: Records,
  { store, generation }: Pick<Header, 'store' | 'generation'>,
  dataKey: Uint8Array,
): Promise<Loaded> {
  const key = await sealDataKey(kek, store, dataKey);
  const sealer = { kind: kek.kind, label: kek.label };
  const header: Header = { format: FORMAT, version: VERSION, store, generation, records: 0, kek: sealer, key };
  return withDerived(dataKey, (derived) => put(path, file, header, records, derived));
}

/** Puts records in place of the file, in the order of public keys. */
export async function put(
  path: string,
  file: StoreFile,
  base: Header,
  unsorted: Records,
  key: DataKey,
): Promise<Loaded> {
  const sorted = [...unsorted.values()].sort((a, b) => (a.pubkey < b.pubkey ? -1 : 1));
  const header = { ...base, records: sorted.length };
  const headerLine = JSON.stringify(header);
  const { roll, lines } = await makeRoll(key.roll, headerLine, sorted);
  await io('written', path, () => file.replace(path, joinFile(headerLine, roll, lines)));
  return { header, headerLine, records: new Map(sorted.map((record) => [record.pubkey, record])) };
}

/** What the disk refuses, as an error of this package. @throws StoreIoError */
export async function io<Result>(what: string, path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof KeysError) throw cause;
    const reason = cause instanceof Error ? cause.message : 'unknown';
    throw new StoreIoError(what, { data: { path, reason }, cause });
  }
}
