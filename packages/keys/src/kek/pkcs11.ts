import { randomBytes } from 'node:crypto';
import type { Handle, Mechanism } from 'pkcs11js';
import { NONCE_BYTES } from '../aead/gcm.ts';
import { KeysClosedError, KeysError } from '../errors.ts';
import { HsmGoneError, KekWrongError } from './errors.ts';
import type { KeyEncryptionKey } from './kek.ts';
import { findKey } from './pkcs11-key.ts';
import { attempt, type Pkcs11Module, pkcs11Code, pkcs11Reason, usePkcs11Module } from './pkcs11-module.ts';
import { findSlot, openSession } from './pkcs11-session.ts';

export interface Pkcs11KekOptions {
  /** The path of the HSM's PKCS#11 module. `findPkcs11Module()` finds SoftHSM2. */
  readonly module: string;
  readonly tokenLabel: string;
  readonly keyLabel: string;
  /** The user PIN, from a file or the environment. It is used once and not kept. */
  readonly pin: string;
  /** Whether the token makes the key when it has none of that label. Default false. */
  readonly create?: boolean;
  /** Default: the operating system's. */
  readonly random?: (bytes: number) => Uint8Array;
}

const TAG_BYTES = 16;
/** CKS_RO_USER_FUNCTIONS and CKS_RW_USER_FUNCTIONS. */
const LOGGED_IN: readonly number[] = [1, 3];

/**
 * A key-encryption key that lives in a PKCS#11 token and never leaves it: AES-256, sensitive, not extractable, used with
 * CKM_AES_GCM. What it gives: whoever copies the store's files has nothing without the token and its PIN. What it does
 * not give: no HSM signs with BLS12-381, so unsealed validator keys are in this process's RAM.
 *
 * The module is loaded into this process and runs with its rights: give the path of one you trust.
 *
 * @throws HsmModuleError | HsmTokenError | HsmPinError | HsmKeyError | HsmGoneError
 */
export function openPkcs11Kek(options: Pkcs11KekOptions): KeyEncryptionKey {
  const module = usePkcs11Module(options.module);
  let session: Handle | undefined;
  try {
    const slot = findSlot(module, options.tokenLabel);
    session = openSession(module, slot, options.pin, options.create ?? false);
    const key = findKey(module, session, options.keyLabel, options.create ?? false);
    const label = `${options.tokenLabel}/${options.keyLabel}`;
    return new Pkcs11Kek({ module, slot, session, key }, label, options.random ?? randomBytes);
  } catch (error) {
    const opened = session;
    if (opened !== undefined) attempt(() => module.api.C_CloseSession(opened));
    module.release();
    if (error instanceof KeysError) throw error;
    throw new HsmGoneError({ data: { token: options.tokenLabel, reason: pkcs11Reason(error) }, cause: error });
  }
}

interface TokenKey {
  readonly module: Pkcs11Module;
  readonly slot: Handle;
  readonly session: Handle;
  readonly key: Handle;
}

class Pkcs11Kek implements KeyEncryptionKey {
  readonly kind = 'pkcs11';
  readonly label: string;
  readonly #token: TokenKey;
  readonly #random: (bytes: number) => Uint8Array;
  #closed = false;

  constructor(token: TokenKey, label: string, random: (bytes: number) => Uint8Array) {
    this.#token = token;
    this.label = label;
    this.#random = random;
  }

  async seal(plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    const { api } = this.#use();
    const { session, key } = this.#token;
    const nonce = view(this.#random(NONCE_BYTES));
    try {
      api.C_EncryptInit(session, this.#mechanism(nonce, aad), key);
      const out = Buffer.alloc(plaintext.length + TAG_BYTES);
      return Buffer.concat([nonce, api.C_Encrypt(session, view(plaintext), out)]);
    } catch (cause) {
      // Encrypting has nothing to be wrong about: whatever fails here is the token.
      throw new HsmGoneError({ data: { key: this.label, reason: pkcs11Reason(cause) }, cause });
    }
  }

  async open(sealed: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    const { api } = this.#use();
    const { session, key } = this.#token;
    if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new KekWrongError({ data: { key: this.label } });
    const nonce = view(sealed.subarray(0, NONCE_BYTES));
    const text = view(sealed.subarray(NONCE_BYTES));
    try {
      api.C_DecryptInit(session, this.#mechanism(nonce, aad), key);
      const out = Buffer.alloc(text.length);
      const opened = api.C_Decrypt(session, text, out);
      const plaintext = new Uint8Array(opened);
      opened.fill(0);
      out.fill(0);
      return plaintext;
    } catch (cause) {
      const data = { key: this.label, reason: pkcs11Reason(cause) };
      throw this.#isGone(cause) ? new HsmGoneError({ data, cause }) : new KekWrongError({ data });
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { module, session } = this.#token;
    attempt(() => module.api.C_CloseSession(session));
    module.release();
  }

  #use(): Pkcs11Module {
    if (this.#closed) throw new KeysClosedError('key-encryption key');
    return this.#token.module;
  }

  #mechanism(iv: Buffer, aad: Uint8Array): Mechanism {
    const { names } = this.#token.module;
    const type = names.CK_PARAMS_AES_GCM;
    const parameter = { type, iv, ivBits: 8 * NONCE_BYTES, aad: view(aad), tagBits: 8 * TAG_BYTES };
    return { mechanism: names.CKM_AES_GCM, parameter };
  }

  /**
   * Whether a failed decryption means that the token is gone. Modules do not agree on the code for a wrong tag (SoftHSM2:
   * CKR_GENERAL_ERROR), so the token itself is asked.
   */
  #isGone(error: unknown): boolean {
    const { module, slot, session } = this.#token;
    const { names, api } = module;
    const code = pkcs11Code(error);
    if (code === names.CKR_KEY_HANDLE_INVALID || code === names.CKR_OBJECT_HANDLE_INVALID) return true;
    try {
      api.C_GetTokenInfo(slot);
      return !LOGGED_IN.includes(api.C_GetSessionInfo(session).state);
    } catch {
      return true;
    }
  }
}

/** The same bytes for pkcs11js, which wants a Buffer: no copy that would have to be zeroed. */
function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
