import { KeystorePasswordError } from './errors.ts';

const CONTROL_MAX = 0x1f;
const DELETE = 0x7f;
const C1_MAX = 0x9f;

/**
 * A password as EIP-2335 feeds it to the key derivation: NFKD, without control characters (C0, delete, C1), as UTF-8. So
 * the line end of a password file does no harm. A string cannot be zeroed; the returned bytes can, and should be.
 * @param password text, or the bytes of a password file in UTF-8
 * @throws KeystorePasswordError when the bytes are not UTF-8
 */
export function passwordBytes(password: string | Uint8Array): Uint8Array {
  const kept = [...textOf(password).normalize('NFKD')].filter((character) => {
    const code = character.codePointAt(0)!;
    return code > CONTROL_MAX && (code < DELETE || code > C1_MAX);
  });
  return new TextEncoder().encode(kept.join(''));
}

function textOf(password: string | Uint8Array): string {
  if (typeof password === 'string') return password;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(password);
  } catch {
    throw new KeystorePasswordError({ fix: 'Save the password file as UTF-8' });
  }
}
