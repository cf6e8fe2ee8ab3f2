import { describe, expect, test } from 'vitest';
import {
  decryptKeystore,
  encryptKeystore,
  KeysSecretError,
  KeystoreCostError,
  KeystoreFormatError,
  KeystorePasswordError,
  KeystorePubkeyError,
  parseKeystore,
  publicKeyOf,
  secretFromEntropy,
} from '../src/index.ts';
import { passwordBytes } from '../src/keystore/password.ts';
import { sharedVector } from './support/vectors.ts';

const CHEAP = { function: 'scrypt', n: 16, r: 8, p: 1 } as const;
const SECRET = secretFromEntropy(new Uint8Array(32).fill(9));
const make = (over: object = {}) => encryptKeystore({ secret: SECRET, password: 'password', kdf: CHEAP, ...over });
/** A cheap keystore with one place changed. */
const changed = (path: string, value: unknown): unknown => {
  const copy: unknown = structuredClone(make());
  const keys = path.split('.');
  const last = keys.pop()!;
  const at = keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], copy) as Record<
    string,
    unknown
  >;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
};

// The EIP's own password in mathematical letters with a key sign, and its secret.
const EIP_PASSWORD =
  '\u{1d531}\u{1d522}\u{1d530}\u{1d531}\u{1d52d}\u{1d51e}\u{1d530}\u{1d530}\u{1d534}\u{1d52c}\u{1d52f}\u{1d521}\u{1f511}';
const EIP_SECRET = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';

describe('EIP-2335 test vectors', () => {
  test('the password is normalised as the EIP shows', () => {
    expect(Buffer.from(passwordBytes(EIP_PASSWORD)).toString('hex')).toBe('7465737470617373776f7264f09f9491');
  });

  for (const [name, kdf] of [
    ['keys/test0.json', 'pbkdf2'],
    ['keys/test1.json', 'scrypt'],
  ] as const) {
    const text = sharedVector(name);
    test.skipIf(text === undefined)(`${kdf}: the published keystore opens`, () => {
      const key = decryptKeystore(text, EIP_PASSWORD);
      expect(Buffer.from(key.secret).toString('hex')).toBe(EIP_SECRET);
      expect(key.pubkey).toBe(publicKeyOf(key.secret));
      expect(key.description).toContain('test keystore');
      expect(parseKeystore(text).kdf.function).toBe(kdf);
      expect(() => decryptKeystore(text, 'testpassword')).toThrow(KeystorePasswordError);
    });
  }
});

describe('encrypt and decrypt', () => {
  test.each([CHEAP, { function: 'pbkdf2', c: 2 } as const])('round trip with $function', (kdf) => {
    const json = make({ kdf, path: 'm/12381/3600/7/0/0', description: 'seven' });
    expect(decryptKeystore(JSON.stringify(json), 'password')).toEqual({
      pubkey: publicKeyOf(SECRET),
      secret: SECRET,
      path: 'm/12381/3600/7/0/0',
      description: 'seven',
    });
  });

  test('is a function of its randomness: each salt, IV and UUID is fresh', () => {
    const [one, two] = [make(), make()];
    expect(one.crypto.kdf.params.salt).not.toBe(two.crypto.kdf.params.salt);
    expect(one.crypto.cipher.params.iv).not.toBe(two.crypto.cipher.params.iv);
    expect(one.uuid).not.toBe(two.uuid);
    const random = (bytes: number) => new Uint8Array(bytes).fill(bytes);
    expect(make({ random })).toEqual(make({ random }));
    expect(make({ random }).uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('the line end of a password file and its byte form do no harm; a letter does', () => {
    const keystore = make({ password: 'pässword' });
    for (const same of ['pässword\n', 'pa\u0308ssword', '\u007fpäss\u0085word\r\n', Buffer.from('pässword\n')]) {
      expect(decryptKeystore(keystore, same).pubkey).toBe(publicKeyOf(SECRET));
    }
    expect(() => decryptKeystore(keystore, 'Pässword')).toThrow(KeystorePasswordError);
    expect(() => decryptKeystore(keystore, Uint8Array.of(0xff))).toThrow(KeystorePasswordError);
  });

  test('what other tools write is read: 0x, no pubkey, no description, a byte order mark, unknown fields', () => {
    const { description: _, pubkey, ...rest } = make();
    const texts = [
      JSON.stringify({ ...rest, pubkey: `0x${pubkey}` }),
      JSON.stringify(rest),
      `\ufeff${JSON.stringify({ ...rest, pubkey, name: 'wallet/1' })}`,
    ];
    for (const text of texts) expect(decryptKeystore(text, 'password').pubkey).toBe(`0x${pubkey}`);
  });

  test('a secret that is none is neither written nor read', () => {
    expect(() => encryptKeystore({ secret: new Uint8Array(32), password: '', kdf: CHEAP })).toThrow(KeysSecretError);
  });
});

describe('refusals name their field', () => {
  test.each([
    ['version', 3],
    ['version', undefined],
    ['crypto', undefined],
    ['crypto', []],
    ['crypto.kdf', undefined],
    ['crypto.kdf.function', 'argon2'],
    ['crypto.kdf.message', 'x'],
    ['crypto.kdf.params', null],
    ['crypto.kdf.params.salt', 'zz'],
    ['crypto.kdf.params.salt', ''],
    ['crypto.kdf.params.dklen', 16],
    ['crypto.kdf.params.n', 15],
    ['crypto.kdf.params.n', -16],
    ['crypto.kdf.params.r', 1.5],
    ['crypto.kdf.params.p', '1'],
    ['crypto.checksum.function', 'md5'],
    ['crypto.checksum.message', 'ab'],
    ['crypto.cipher.function', 'aes-128-cbc'],
    ['crypto.cipher.params.iv', 'abcd'],
    ['crypto.cipher.message', `${'00'.repeat(33)}`],
    ['crypto.cipher.message', 7],
    ['pubkey', '00'.repeat(48)],
    ['pubkey', 'ab'],
    ['path', undefined],
    ['uuid', 'not-one'],
    ['description', 'x'.repeat(5000)],
  ])('%s = %j', (field, value) => {
    let error: unknown;
    try {
      decryptKeystore(changed(field, value), 'password');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(KeystoreFormatError);
    expect((error as KeystoreFormatError).field).toBe(field);
  });

  test.each(['', '{', 'null', '[]', '"x"', 'x'.repeat(70_000)])('text that is no keystore', (text) => {
    expect(() => parseKeystore(text)).toThrow(KeystoreFormatError);
  });

  test('a file that holds another key than it names is not used', () => {
    const other = publicKeyOf(secretFromEntropy(new Uint8Array(32).fill(10))).slice(2);
    expect(() => decryptKeystore(changed('pubkey', other), 'password')).toThrow(KeystorePubkeyError);
  });

  test('no error repeats a password or a secret', () => {
    const hidden = [Buffer.from(SECRET).toString('hex'), 'hunter2'];
    for (const bad of [changed('crypto.kdf.message', 'x'), changed('pubkey', 'ab'), make()]) {
      try {
        decryptKeystore(bad, 'hunter2');
        expect.unreachable();
      } catch (error) {
        for (const text of hidden) expect(`${error}${JSON.stringify(error)}`).not.toContain(text);
      }
    }
  });
});

describe('cost', () => {
  test.each([
    { n: 2 ** 30, r: 8, p: 1 },
    { n: 2 ** 21, r: 8, p: 1 },
    { n: 2 ** 18, r: 2 ** 20, p: 1 },
    { n: 2, r: 1, p: 2 ** 30 },
    { n: 2 ** 18, r: 8, p: 64 },
    { n: 2 ** 53 - 1, r: 2 ** 53 - 1, p: 2 ** 53 - 1 },
  ])('scrypt with $n, $r, $p is refused before it is run', (params) => {
    const salt = '00'.repeat(32);
    const start = performance.now();
    expect(() => parseKeystore(changed('crypto.kdf.params', { ...params, dklen: 32, salt }))).toThrow(
      KeystoreCostError,
    );
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('pbkdf2 too, and in encryption', () => {
    expect(() => make({ kdf: { function: 'pbkdf2', c: 2 ** 25 } })).toThrow(KeystoreCostError);
    expect(() => make({ kdf: { function: 'scrypt', n: 2 ** 24, r: 8, p: 1 } })).toThrow(KeystoreCostError);
  });

  test("EIP-2335's own parameters are within the bounds", () => {
    const params = { n: 262_144, r: 8, p: 1, dklen: 32, salt: '00'.repeat(32) };
    expect(parseKeystore(changed('crypto.kdf.params', params)).kdf).toMatchObject({ n: 262_144 });
  });
});
