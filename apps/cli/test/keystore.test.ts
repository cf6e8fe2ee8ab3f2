import { createCipheriv, scryptSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keccak256 } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Io } from '../src/io.ts';
import { readAccount } from '../src/secrets/account.ts';
import { decryptKeystore } from '../src/secrets/keystore.ts';
import { temporary } from './support/cli.ts';

/** The PBKDF2 test vector of the Web3 Secret Storage definition, version 3. */
const PASSWORD = 'testpassword';
const SECRET = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d';
const PBKDF2 = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
  version: 3,
};
/** What geth and wallets write: scrypt with r = 8. (The definition's own scrypt vector breaks RFC 7914's bound on N.) */
function scryptKeystore() {
  const [salt, iv] = [Buffer.alloc(32, 7), Buffer.alloc(16, 9)];
  const [n, r, p] = [4096, 8, 1];
  const key = scryptSync(PASSWORD, salt, 32, { N: n, r, p });
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(Buffer.from(SECRET, 'hex')), cipher.final()]);
  return {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toString('hex') },
      ciphertext: ciphertext.toString('hex'),
      kdf: 'scrypt',
      kdfparams: { dklen: 32, n, p, r, salt: salt.toString('hex') },
      mac: keccak256(Buffer.concat([key.subarray(16), ciphertext])).slice(2),
    },
    version: 3,
  };
}

let dir: ReturnType<typeof temporary>;
beforeAll(() => {
  dir = temporary();
});
afterAll(() => dir.dispose());

const open = (keystore: object, password = PASSWORD) => decryptKeystore(JSON.stringify(keystore), password, 'key.json');

test('Web3 Secret Storage version 3: the definition’s own vector, and scrypt', () => {
  expect(open(PBKDF2)).toBe(SECRET);
  expect(open(scryptKeystore())).toBe(SECRET);
});

test('a wrong password, a changed byte, a hostile cost: refused, and nothing is said of the key', () => {
  const { crypto } = PBKDF2;
  expect(() => open(PBKDF2, 'wrong')).toThrow('the password does not open the keystore');
  const flipped = { ...PBKDF2, crypto: { ...crypto, ciphertext: `00${crypto.ciphertext.slice(2)}` } };
  expect(() => open(flipped)).toThrow('the password does not open the keystore');
  const costly = { ...PBKDF2, crypto: { ...crypto, kdfparams: { ...crypto.kdfparams, c: 1e12 } } };
  expect(() => open(costly)).toThrow('unknown derivation');
  expect(() => open({ ...PBKDF2, version: 1 })).toThrow('not of version 3');
  expect(() => open({ version: 3 })).toThrow('no crypto section');
});

const io = (env: Record<string, string> = {}): Io => ({
  out: () => undefined,
  err: () => undefined,
  live: false,
  color: false,
  env,
  cwd: dir.path,
});

test('one key, of a file, the environment or a keystore; a file that others can read is warned of', () => {
  const keyFile = join(dir.path, 'key');
  writeFileSync(keyFile, `0x${SECRET}\n`, { mode: 0o600 });
  const passwordFile = join(dir.path, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  const keystore = join(dir.path, 'key.json');
  writeFileSync(keystore, JSON.stringify(PBKDF2), { mode: 0o600 });
  const warnings: string[] = [];
  const read = (options: Parameters<typeof readAccount>[0], env?: Record<string, string>) =>
    readAccount(options, io(env), (text) => warnings.push(text)).address;
  const address = read({ privateKeyFile: keyFile });
  expect(read({}, { HOLDFAST_PRIVATE_KEY: SECRET })).toBe(address);
  expect(read({ keystore, passwordFile })).toBe(address);
  expect(read({ keystore }, { HOLDFAST_KEYSTORE_PASSWORD: PASSWORD })).toBe(address);
  expect(warnings).toEqual([]);
  chmodSync(keyFile, 0o644);
  read({ privateKeyFile: keyFile });
  expect(warnings).toEqual([expect.stringContaining('chmod 600')]);
  expect(() => read({})).toThrow('no key to send with');
  expect(() => read({ privateKeyFile: keyFile, keystore })).toThrow('more than one key');
  expect(() => read({ keystore })).toThrow('needs its password');
  expect(() => read({}, { HOLDFAST_PRIVATE_KEY: 'ff'.repeat(32) })).toThrow('outside of the curve');
  expect(() => read({}, { HOLDFAST_PRIVATE_KEY: 'abc' })).toThrow('32 bytes of hex');
});
