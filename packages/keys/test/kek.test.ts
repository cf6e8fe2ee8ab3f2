import { describe, expect, test } from 'vitest';
import {
  findPkcs11Module,
  HsmModuleError,
  KekWrongError,
  KeysClosedError,
  KeysConfigError,
  openPassphraseKek,
  openPkcs11Kek,
  PASSPHRASE_KDF_DEFAULT,
} from '../src/index.ts';
import { cheapKek } from './support/stores.ts';

const text = (value: string) => Buffer.from(value);
const AAD = text('aad');

describe('a passphrase as key-encryption key', () => {
  test('opens what it sealed, by another instance too, and with the derivation that stands there', async () => {
    const sealed = await cheapKek().seal(text('secret'), AAD);
    expect(Buffer.from(sealed).includes('secret')).toBe(false);
    const other = openPassphraseKek({
      passphrase: 'a test passphrase\n',
      kdf: { function: 'scrypt', n: 32, r: 1, p: 1 },
    });
    expect(text('secret').equals(await other.open(sealed, AAD))).toBe(true);
  });

  test('argon2id by default, with costs that are worth something', async () => {
    expect(PASSPHRASE_KDF_DEFAULT).toEqual({ function: 'argon2id', memoryKiB: 65_536, passes: 3, lanes: 4 });
    const kek = openPassphraseKek({ passphrase: 'a test passphrase' });
    const sealed = await kek.seal(text('secret'), AAD);
    expect(text('secret').equals(await kek.open(sealed, AAD))).toBe(true);
    expect(sealed[0]).toBe(1);
  });

  test('the same text is sealed differently each time', async () => {
    const kek = cheapKek();
    expect(await kek.seal(text('secret'), AAD)).not.toEqual(await kek.seal(text('secret'), AAD));
  });

  test('another passphrase, other bound data, or any changed byte does not open', async () => {
    const kek = cheapKek();
    const sealed = await kek.seal(text('secret'), AAD);
    await expect(cheapKek('another passphrase').open(sealed, AAD)).rejects.toThrow(KekWrongError);
    await expect(kek.open(sealed, text('other'))).rejects.toThrow(KekWrongError);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed);
      changed[at]! ^= 1;
      // Of the costs, only the lowest byte: the others make derivations that are allowed, and take their time.
      if (at === 0 || at > 12 || at % 4 === 0) await expect(kek.open(changed, AAD)).rejects.toThrow(KekWrongError);
      await expect(kek.open(sealed.slice(0, at), AAD)).rejects.toThrow(KekWrongError);
    }
  });

  test('a derivation that would eat the memory is not run', async () => {
    const sealed = Uint8Array.from(await cheapKek().seal(text('secret'), AAD));
    sealed.set([1, 0xff, 0xff, 0xff, 0xff]);
    await expect(cheapKek().open(sealed, AAD)).rejects.toThrow(KekWrongError);
  });

  test('is refused when short or out of bounds', () => {
    expect(() => openPassphraseKek({ passphrase: '1234567\n' })).toThrow(KeysConfigError);
    for (const kdf of [
      { function: 'scrypt', n: 15, r: 8, p: 1 },
      { function: 'scrypt', n: 2 ** 24, r: 8, p: 1 },
      { function: 'argon2id', memoryKiB: 2 ** 21, passes: 1, lanes: 1 },
      { function: 'argon2id', memoryKiB: 8, passes: 0, lanes: 1 },
    ] as const) {
      expect(() => openPassphraseKek({ passphrase: 'a test passphrase', kdf })).toThrow(KeysConfigError);
    }
  });

  test('is of no use once closed', async () => {
    const kek = cheapKek();
    const sealed = await kek.seal(text('secret'), AAD);
    kek.close();
    kek.close();
    await expect(kek.open(sealed, AAD)).rejects.toThrow(KeysClosedError);
    await expect(kek.seal(text('secret'), AAD)).rejects.toThrow(KeysClosedError);
  });
});

describe('PKCS#11 modules', () => {
  test('are found among the places given', () => {
    expect(findPkcs11Module(['/does/not/exist.so'])).toBeUndefined();
    expect(findPkcs11Module(['/does/not/exist.so', process.execPath])).toBe(process.execPath);
  });

  test('one that is absent, or is none, is a clear error', () => {
    for (const module of ['/does/not/exist.so', process.execPath]) {
      const open = () => openPkcs11Kek({ module, tokenLabel: 'holdfast', keyLabel: 'kek', pin: '1234' });
      expect(open).toThrow(HsmModuleError);
    }
  });
});
