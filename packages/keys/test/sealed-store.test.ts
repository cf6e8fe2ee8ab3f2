import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pubkey } from '@holdfast/units';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  KekWrongError,
  KeysClosedError,
  KeysConfigError,
  KeysSecretError,
  SealedStore,
  StoreChangedError,
  StoreFormatError,
  StoreIoError,
  StoreMissingError,
  type StoreOptions,
  StoreTamperedError,
  sealedStorePath,
} from '../src/index.ts';
import { atomicFile } from '../src/sealed/files.ts';
import { testKey, testKeys, testSecret } from './support/keys.ts';
import { cheapKek, removeDirectory, temporaryDirectory } from './support/stores.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

const open = (options: StoreOptions = {}, kek = cheapKek()) =>
  SealedStore.open(directory, kek, { create: true, ...options });
const path = () => sealedStorePath(directory);
const lines = () => readFileSync(path(), 'utf8').split('\n');
const write = (changed: readonly string[]) => writeFileSync(path(), changed.join('\n'));
const reopened = () => SealedStore.open(directory, cheapKek());
const caught = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
/** How the store names a key that it cannot read. */
const short = (pubkey: Pubkey) => `${pubkey.slice(0, 18)}…`;

describe('keeping keys', () => {
  test('what was added comes back after a restart, in the order of public keys', async () => {
    const now = () => new Date('2026-01-02T03:04:05.678Z');
    const store = await open({ now });
    const keys = testKeys(5);
    expect(await store.add(keys)).toEqual({ added: keys.map(({ pubkey }) => pubkey), existing: [] });
    expect(keys[0]!.secret).toEqual(testSecret(0));
    const again = await reopened();
    expect([again.id, again.size, again.has(keys[3]!.pubkey)]).toEqual([store.id, 5, true]);
    const sorted = [...keys].sort((a, b) => (a.pubkey < b.pubkey ? -1 : 1));
    const described = { importedAt: '2026-01-02T03:04:05.678Z', disabled: false };
    expect(again.list()).toEqual(
      sorted.map(({ pubkey, description, path }) => ({ pubkey, description, path, ...described })),
    );
    expect(await again.unseal()).toEqual(sorted.map(({ pubkey, secret }) => ({ pubkey, secret })));
  });

  test('the file is its owner’s alone and holds no secret', async () => {
    await (await open()).add(testKeys(2));
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['keys.sealed']);
    const text = readFileSync(path());
    for (const form of ['hex', 'base64', 'latin1'] as const) {
      expect(text.includes(Buffer.from(testSecret(0)).toString(form))).toBe(false);
    }
  });

  test('a key that is there is left as it is', async () => {
    const store = await open();
    await store.add([testKey(0)]);
    const before = readFileSync(path());
    const { pubkey } = testKey(0);
    expect(await store.add([{ ...testKey(0), description: 'another' }])).toEqual({ added: [], existing: [pubkey] });
    expect(readFileSync(path())).toEqual(before);
  });

  test('removing takes a key away for good', async () => {
    const store = await open();
    await store.add(testKeys(3));
    const { pubkey } = testKey(1);
    expect(await store.remove([pubkey, pubkey, testKey(9).pubkey])).toEqual([pubkey]);
    expect((await reopened()).list().map((record) => record.pubkey)).not.toContain(pubkey);
    expect(readFileSync(path(), 'utf8')).not.toContain(pubkey);
  });

  test('a disabled key is kept and not unsealed', async () => {
    const store = await open();
    await store.add(testKeys(2));
    const { pubkey } = testKey(1);
    expect(await store.setDisabled([pubkey, testKey(9).pubkey], true)).toEqual([pubkey]);
    expect(await store.setDisabled([pubkey], true)).toEqual([]);
    const again = await reopened();
    expect((await again.unseal()).map((key) => key.pubkey)).toEqual([testKey(0).pubkey]);
    await again.setDisabled([pubkey], false);
    expect(await again.unseal()).toHaveLength(2);
  });

  test('changes asked for at once are made one after the other', async () => {
    const store = await open();
    await Promise.all([...testKeys(6).map((key) => store.add([key])), store.remove([testKey(2).pubkey])]);
    expect((await reopened()).size).toBe(5);
  });

  test('names of any script, quotes and line ends survive', async () => {
    const store = await open();
    const description = 'Прüfer "1"\n\\ 🔑\u2028';
    await store.add([{ ...testKey(0), description }]);
    expect((await reopened()).list()[0]).toMatchObject({ description });
  });

  test('refuses a secret of another key, and what is too long', async () => {
    const store = await open();
    const crossed = { ...testKey(0), secret: testSecret(1) };
    expect(await caught(store.add([testKey(2), crossed]))).toBeInstanceOf(KeysSecretError);
    expect(store.size).toBe(0);
    expect(await caught(store.add([{ ...testKey(0), path: 'm'.repeat(2000) }]))).toBeInstanceOf(KeysConfigError);
  });

  test('is missing where it is not, and closed when it is', async () => {
    expect(await caught(reopened())).toBeInstanceOf(StoreMissingError);
    expect(existsSync(path())).toBe(false);
    const store = await open();
    await store.close();
    expect(await caught(store.unseal())).toBeInstanceOf(KeysClosedError);
  });
});

describe('the key-encryption key', () => {
  test('another one opens nothing', async () => {
    await (await open()).add(testKeys(1));
    expect(await caught(open({}, cheapKek('another passphrase')))).toBeInstanceOf(KekWrongError);
  });

  test('can be changed; the old one opens the old file only', async () => {
    const store = await open();
    await store.add(testKeys(4));
    await store.setDisabled([testKey(3).pubkey], true);
    const [old, before] = [readFileSync(path()), store.list()];
    const sealedBefore = lines().slice(2);
    const next = cheapKek('another passphrase');
    await store.reseal(next);
    expect(
      lines()
        .slice(2)
        .some((line) => sealedBefore.includes(line) && line !== ''),
    ).toBe(false);
    expect(await caught(reopened())).toBeInstanceOf(KekWrongError);
    await store.add([testKey(5)]);
    const again = await SealedStore.open(directory, cheapKek('another passphrase'));
    expect(again.list().filter(({ pubkey }) => pubkey !== testKey(5).pubkey)).toEqual(before);
    expect(await again.unseal()).toHaveLength(4);
    writeFileSync(path(), old);
    expect((await reopened()).size).toBe(4);
  });

  test('seals another data key for each store and each change of it', async () => {
    const dataKeys: string[] = [];
    const kek = cheapKek();
    const spy = {
      kind: kek.kind,
      label: kek.label,
      seal(plaintext: Uint8Array, aad: Uint8Array) {
        dataKeys.push(Buffer.from(plaintext).toString('hex'));
        return kek.seal(plaintext, aad);
      },
      open: kek.open.bind(kek),
      close() {},
    };
    const store = await open({}, spy);
    await store.add(testKeys(1));
    await store.reseal(spy);
    await store.reseal(spy);
    expect(new Set(dataKeys).size).toBe(3);
    expect(dataKeys.every((key) => /^[0-9a-f]{64}$/.test(key) && !key.startsWith('0'.repeat(16)))).toBe(true);
  });

  test('one that does not give back what it sealed is noticed before keys depend on it', async () => {
    const kek = cheapKek();
    const broken = {
      ...kek,
      kind: kek.kind,
      label: 'broken',
      seal: kek.seal.bind(kek),
      close() {},
      open: async () => new Uint8Array(32),
    };
    expect(await caught(open({}, broken))).toMatchObject({ code: 'KEYS_HSM_KEY' });
    expect(existsSync(path())).toBe(false);
  });
});

describe('tampering is found and named', () => {
  const keys = testKeys(6).sort((a, b) => (a.pubkey < b.pubkey ? -1 : 1));
  const [first, second, third] = keys.map(({ pubkey }) => pubkey) as [Pubkey, Pubkey, Pubkey];
  /** Header and roll come first. */
  const RECORDS = 2;

  const namedAfter = async (change: (lines: string[]) => void): Promise<readonly string[]> => {
    const changed = lines();
    change(changed);
    write(changed);
    const error = await caught(reopened());
    expect(error).toBeInstanceOf(StoreTamperedError);
    return (error as StoreTamperedError).keys;
  };

  beforeEach(async () => {
    await (await open()).add(keys);
  });

  test('secrets exchanged between two records', async () => {
    const named = await namedAfter((all) => {
      const [a, b] = [JSON.parse(all[RECORDS]!), JSON.parse(all[RECORDS + 1]!)] as [
        { secret: string },
        { secret: string },
      ];
      [a.secret, b.secret] = [b.secret, a.secret];
      all[RECORDS] = JSON.stringify(a);
      all[RECORDS + 1] = JSON.stringify(b);
    });
    expect(named).toEqual([short(first), short(second)]);
  });

  test('a record from an older file', async () => {
    const old = lines()[RECORDS]!;
    await (await reopened()).setDisabled([first], true);
    expect(await namedAfter((all) => all.splice(RECORDS, 1, old))).toEqual([short(first)]);
  });

  test.each(['description', 'path', 'importedAt', 'secret', 'pubkey'])('a changed %s', async (field) => {
    const named = await namedAfter((all) => {
      const record = JSON.parse(all[RECORDS + 2]!) as Record<string, string>;
      record[field] = field === 'pubkey' ? `0x${'ab'.repeat(48)}` : `${record[field]!.slice(0, -8)}AAAAAAAA`;
      all[RECORDS + 2] = JSON.stringify(record);
    });
    expect(named).toEqual([short(third)]);
  });

  test('a disabled flag turned over', async () => {
    await (await reopened()).setDisabled([second], true);
    expect(await namedAfter((all) => all.splice(RECORDS + 1, 1, all[RECORDS + 1]!.replace('true', 'false')))).toEqual([
      short(second),
    ]);
  });

  test('a record removed, one cut off, the file cut off', async () => {
    expect(await namedAfter((all) => all.splice(RECORDS, 1))).toEqual([short(first)]);
    removeDirectory(path());
    await (await open()).add(keys);
    expect(await namedAfter((all) => all.splice(RECORDS + 1, 1, all[RECORDS + 1]!.slice(0, 200)))).toEqual([
      short(second),
    ]);
    removeDirectory(path());
    await (await open()).add(keys);
    expect(await namedAfter((all) => all.splice(RECORDS + 2))).toEqual(
      keys.slice(2).map(({ pubkey }) => short(pubkey)),
    );
  });

  test('a record added, or one twice', async () => {
    expect(await namedAfter((all) => all.splice(-1, 0, all[RECORDS]!))).toEqual(['line 9']);
  });

  test('a record of another store under the same key-encryption key', async () => {
    const other = temporaryDirectory();
    try {
      await (await SealedStore.open(other, cheapKek(), { create: true })).add(keys);
      const foreign = readFileSync(sealedStorePath(other), 'utf8').split('\n');
      expect(await namedAfter((all) => all.splice(RECORDS, 1, foreign[RECORDS]!))).toEqual([short(first)]);
      const mixed = await caught(
        (async () => {
          write([foreign[0]!, ...lines().slice(1)]);
          await reopened();
        })(),
      );
      expect(mixed).toBeInstanceOf(StoreTamperedError);
    } finally {
      removeDirectory(other);
    }
  });

  test('a changed header or roll', async () => {
    expect(await namedAfter((all) => all.splice(0, 1, all[0]!.replace('"generation":2', '"generation":3')))).toEqual(
      [],
    );
    write(lines().map((line, index) => (index === 0 ? line.replace('"generation":3', '"generation":2') : line)));
    expect((await reopened()).size).toBe(6);
    expect(await namedAfter((all) => all.splice(1, 1, all[1]!.replace(/"entries":"..../, '"entries":"AAAA')))).toEqual(
      [],
    );
  });
});

describe('files that are no store', () => {
  test.each([
    ['empty', ''],
    ['text', 'hello'],
    ['JSON of something else', '{"format":"x"}\n{}\n'],
    ['a newer version', '{"format":"holdfast-sealed-keys","version":2}\n{}\n'],
    ['a header without its parts', '{"format":"holdfast-sealed-keys","version":1}\n{}\n'],
  ])('%s', async (_, text) => {
    writeFileSync(path(), text);
    expect(await caught(reopened())).toBeInstanceOf(StoreFormatError);
    expect(readFileSync(path(), 'utf8')).toBe(text);
  });
});

describe('disks and other processes', () => {
  test('a full disk leaves the old state, on disk and in memory', async () => {
    let full = false;
    const file = {
      ...atomicFile,
      replace: async (...of: Parameters<typeof atomicFile.replace>) => {
        if (full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        await atomicFile.replace(...of);
      },
    };
    const store = await open({ file });
    await store.add(testKeys(2));
    full = true;
    expect(await caught(store.add([testKey(2)]))).toBeInstanceOf(StoreIoError);
    expect(await caught(store.remove([testKey(0).pubkey]))).toBeInstanceOf(StoreIoError);
    expect(store.size).toBe(2);
    full = false;
    await store.add([testKey(3)]);
    expect((await reopened()).size).toBe(3);
  });

  test('a directory that cannot be read or made', async () => {
    writeFileSync(join(directory, 'file'), '');
    expect(await caught(SealedStore.open(join(directory, 'file'), cheapKek(), { create: true }))).toBeInstanceOf(
      StoreIoError,
    );
  });

  test('what a crash left beside the file is cleared away', async () => {
    await (await open()).add(testKeys(1));
    writeFileSync(`${path()}.4711.tmp`, 'half of it');
    writeFileSync(join(directory, 'notes.tmp'), 'mine');
    expect((await reopened()).size).toBe(1);
    expect(readdirSync(directory).sort()).toEqual(['keys.sealed', 'notes.tmp']);
  });

  test('two processes on one store: the second to write is refused and nothing is lost', async () => {
    const [one, two] = [await open(), await reopened()];
    await one.add([testKey(0)]);
    expect(await caught(two.add([testKey(1)]))).toBeInstanceOf(StoreChangedError);
    expect(await caught(two.reseal(cheapKek('another passphrase')))).toBeInstanceOf(StoreChangedError);
    expect((await reopened()).list().map(({ pubkey }) => pubkey)).toEqual([testKey(0).pubkey]);
    await removeDirectory(path());
    expect(await caught(one.add([testKey(2)]))).toBeInstanceOf(StoreChangedError);
  });
});
