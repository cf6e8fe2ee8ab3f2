import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  HsmGoneError,
  HsmKeyError,
  HsmModuleError,
  HsmPinError,
  HsmTokenError,
  KekWrongError,
  type KeyEncryptionKey,
  KeyRing,
  KeysClosedError,
  openPkcs11Kek,
  type Pkcs11KekOptions,
  SealedStore,
  StoreTamperedError,
  sign,
} from '../src/index.ts';
import { usePkcs11Module } from '../src/kek/pkcs11-module.ts';
import { findSlot, openSession } from '../src/kek/pkcs11-session.ts';
import { testKey, testKeys, testRoot, testSecret } from './support/keys.ts';
import { makeTokens, PIN, SOFTHSM_MODULE } from './support/softhsm.ts';
import { cheapKek, removeDirectory, temporaryDirectory } from './support/stores.ts';

const text = (value: string) => Buffer.from(value);
const AAD = text('aad');

describe.skipIf(SOFTHSM_MODULE === undefined)('SoftHSM2', () => {
  const module = SOFTHSM_MODULE!;
  let directory: string;
  const opened: KeyEncryptionKey[] = [];
  const kekOf = (options: Partial<Pkcs11KekOptions> = {}): KeyEncryptionKey => {
    const kek = openPkcs11Kek({ module, tokenLabel: 'holdfast', keyLabel: 'kek', pin: PIN, create: true, ...options });
    opened.push(kek);
    return kek;
  };
  const store = () => join(directory, 'store');
  const loseToken = () => renameSync(join(directory, 'tokens'), join(directory, 'lost'));
  const findToken = () => renameSync(join(directory, 'lost'), join(directory, 'tokens'));

  beforeEach(() => {
    directory = temporaryDirectory();
    makeTokens(directory, ['holdfast', 'another']);
  });
  afterEach(() => {
    for (const kek of opened.splice(0)) kek.close();
    removeDirectory(directory);
  });

  describe('the key', () => {
    test('opens what it sealed, in a later session too', async () => {
      const first = kekOf();
      const sealed = await first.seal(text('a secret of some length'), AAD);
      expect(Buffer.from(sealed).includes('secret')).toBe(false);
      first.close();
      const second = kekOf({ create: false });
      expect(text('a secret of some length').equals(await second.open(sealed, AAD))).toBe(true);
      expect([second.kind, second.label]).toEqual(['pkcs11', 'holdfast/kek']);
    });

    test('a changed byte, other bound data, another key or another token does not open', async () => {
      const kek = kekOf();
      const sealed = await kek.seal(text('secret'), AAD);
      for (let at = 0; at < sealed.length; at += 1) {
        const changed = Uint8Array.from(sealed);
        changed[at]! ^= 1;
        await expect(kek.open(changed, AAD)).rejects.toThrow(KekWrongError);
        await expect(kek.open(sealed.slice(0, at), AAD)).rejects.toThrow(KekWrongError);
      }
      await expect(kek.open(sealed, text('other'))).rejects.toThrow(KekWrongError);
      await expect(kekOf({ keyLabel: 'other' }).open(sealed, AAD)).rejects.toThrow(KekWrongError);
      await expect(kekOf({ tokenLabel: 'another' }).open(sealed, AAD)).rejects.toThrow(KekWrongError);
      expect(text('secret').equals(await kek.open(sealed, AAD))).toBe(true);
    });

    test('does not leave the token: its value cannot be read, not even under another key', () => {
      kekOf();
      const started = usePkcs11Module(module);
      try {
        const { api, names } = started;
        const session = openSession(started, findSlot(started, 'holdfast'), PIN, true);
        api.C_FindObjectsInit(session, [{ type: names.CKA_LABEL, value: 'kek' }]);
        const key = api.C_FindObjects(session)!;
        api.C_FindObjectsFinal(session);
        expect(() => api.C_GetAttributeValue(session, key, [{ type: names.CKA_VALUE }])).toThrow(
          'CKR_ATTRIBUTE_SENSITIVE',
        );
        const loosen = () => api.C_SetAttributeValue(session, key, [{ type: names.CKA_EXTRACTABLE, value: true }]);
        expect(loosen).toThrow();
        const wrapping = api.C_GenerateKey(session, { mechanism: names.CKM_AES_KEY_GEN }, [
          { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
          { type: names.CKA_KEY_TYPE, value: names.CKK_AES },
          { type: names.CKA_VALUE_LEN, value: 32 },
          { type: names.CKA_WRAP, value: true },
        ]);
        const wrap = () =>
          api.C_WrapKey(session, { mechanism: names.CKM_AES_KEY_WRAP }, wrapping, key, Buffer.alloc(256));
        expect(wrap).toThrow('CKR_KEY_UNEXTRACTABLE');
        api.C_CloseSession(session);
      } finally {
        started.release();
      }
    });

    test.each([
      ['extractable', { extractable: true, sensitive: true, length: 32 }],
      ['not sensitive', { extractable: false, sensitive: false, length: 32 }],
      ['of 128 bits', { extractable: false, sensitive: true, length: 16 }],
    ])('one that is %s is refused', (_, { extractable, sensitive, length }) => {
      const started = usePkcs11Module(module);
      try {
        const { api, names } = started;
        const session = openSession(started, findSlot(started, 'holdfast'), PIN, true);
        api.C_GenerateKey(session, { mechanism: names.CKM_AES_KEY_GEN }, [
          { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
          { type: names.CKA_KEY_TYPE, value: names.CKK_AES },
          { type: names.CKA_VALUE_LEN, value: length },
          { type: names.CKA_LABEL, value: 'weak' },
          { type: names.CKA_TOKEN, value: true },
          { type: names.CKA_SENSITIVE, value: sensitive },
          { type: names.CKA_EXTRACTABLE, value: extractable },
          { type: names.CKA_ENCRYPT, value: true },
          { type: names.CKA_DECRYPT, value: true },
        ]);
        expect(() => kekOf({ keyLabel: 'weak' })).toThrow(HsmKeyError);
        api.C_CloseSession(session);
      } finally {
        started.release();
      }
    });
  });

  describe('what is wrong is said', () => {
    test('PIN, token label, key label', () => {
      expect(() => kekOf({ pin: '9999' })).toThrow(HsmPinError);
      try {
        kekOf({ pin: '9999' });
      } catch (error) {
        expect(`${error}${JSON.stringify(error)}`).not.toContain('9999');
      }
      expect(() => kekOf({ tokenLabel: 'nobody' })).toThrow(HsmTokenError);
      expect(() => kekOf({ tokenLabel: 'nobody' })).toThrow('holdfast');
      expect(() => kekOf({ create: false })).toThrow(HsmKeyError);
      expect(kekOf().label).toBe('holdfast/kek');
    });

    test('two tokens of one label', () => {
      makeTokens(directory, ['holdfast']);
      expect(() => kekOf()).toThrow(HsmTokenError);
    });

    test('a closed one', async () => {
      const kek = kekOf();
      kek.close();
      kek.close();
      await expect(kek.seal(text('secret'), AAD)).rejects.toThrow(KeysClosedError);
    });

    test('one user of the token does not end the other’s session', async () => {
      const [one, two] = [kekOf(), kekOf()];
      const sealed = await one.seal(text('secret'), AAD);
      one.close();
      expect(text('secret').equals(await two.open(sealed, AAD))).toBe(true);
    });
  });

  describe('a token that vanishes', () => {
    test('after start: what is loaded goes on signing, nothing is sealed, removed or unsealed', async () => {
      const kek = kekOf();
      const keys = await SealedStore.open(store(), kek, { create: true });
      await keys.add(testKeys(3));
      const ring = await KeyRing.create({ threads: 1 });
      try {
        ring.add(await keys.unseal());
        loseToken();
        await expect(keys.add([testKey(3)])).rejects.toThrow(HsmGoneError);
        await expect(keys.remove([testKey(0).pubkey])).rejects.toThrow(HsmGoneError);
        await expect(keys.unseal()).rejects.toThrow(HsmGoneError);
        await expect(kek.seal(text('secret'), AAD)).rejects.toThrow(HsmGoneError);
        expect(keys.size).toBe(3);
        expect(await ring.sign(testKey(1).pubkey, testRoot(1))).toEqual(sign(testSecret(1), testRoot(1)));
      } finally {
        await ring.close();
      }
      findToken();
      kek.close();
      expect(await (await SealedStore.open(store(), kekOf())).unseal()).toHaveLength(3);
    });

    test('before start: a clear error', () => {
      const kek = kekOf();
      loseToken();
      expect(() => kekOf()).toThrow(HsmTokenError);
      kek.close();
      // Nobody uses the module any more, so that it starts anew, and finds no directory of tokens.
      expect(() => kekOf()).toThrow(HsmModuleError);
      expect(() => kekOf()).toThrow('SOFTHSM2_CONF');
    });

    test('its session closed by another hand', async () => {
      const kek = kekOf();
      const sealed = await kek.seal(text('secret'), AAD);
      const started = usePkcs11Module(module);
      started.api.C_CloseAllSessions(findSlot(started, 'holdfast'));
      await expect(kek.open(sealed, AAD)).rejects.toThrow(HsmGoneError);
      await expect(kek.seal(text('secret'), AAD)).rejects.toThrow(HsmGoneError);
      started.release();
    });

    test('its user logged out by another hand', async () => {
      const kek = kekOf();
      const sealed = await kek.seal(text('secret'), AAD);
      const started = usePkcs11Module(module);
      const session = openSession(started, findSlot(started, 'holdfast'), PIN, false);
      started.api.C_Logout(session);
      await expect(kek.open(sealed, AAD)).rejects.toThrow(HsmGoneError);
      started.release();
    });
  });

  describe('the sealed store under it', () => {
    test('keeps keys; neither another token nor a passphrase opens it; tampering is named', async () => {
      const keys = await SealedStore.open(store(), kekOf(), { create: true });
      await keys.add(testKeys(2));
      await expect(SealedStore.open(store(), kekOf({ tokenLabel: 'another' }))).rejects.toThrow(KekWrongError);
      const byPassphrase = SealedStore.open(store(), cheapKek());
      await expect(byPassphrase).rejects.toThrow('pkcs11 holdfast/kek');
      const path = join(store(), 'keys.sealed');
      const lines = readFileSync(path, 'utf8').split('\n');
      writeFileSync(
        path,
        lines.map((line, at) => (at === 2 ? line.replace('"secret":"', '"secret":"A') : line)).join('\n'),
      );
      await expect(SealedStore.open(store(), kekOf())).rejects.toThrow(StoreTamperedError);
    });

    test('moves from a passphrase to the token and back', async () => {
      const keys = await SealedStore.open(store(), cheapKek(), { create: true });
      await keys.add(testKeys(2));
      await keys.reseal(kekOf());
      await expect(SealedStore.open(store(), cheapKek())).rejects.toThrow(KekWrongError);
      const moved = await SealedStore.open(store(), kekOf());
      await moved.reseal(cheapKek());
      expect(await (await SealedStore.open(store(), cheapKek())).unseal()).toHaveLength(2);
    });
  });
});
