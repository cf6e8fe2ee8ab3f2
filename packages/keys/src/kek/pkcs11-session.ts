import type { Handle } from 'pkcs11js';
import { HsmPinError, HsmTokenError } from './errors.ts';
import { type Pkcs11Module, pkcs11Code, pkcs11Reason } from './pkcs11-module.ts';

const TOKEN_INITIALIZED = 0x400;

/** The slot whose token has the label. Slot numbers change when tokens are initialised: labels do not. */
export function findSlot({ api, path }: Pkcs11Module, tokenLabel: string): Handle {
  const present = api.C_GetSlotList(true).map((slot) => ({ slot, info: tokenOf(() => api.C_GetTokenInfo(slot)) }));
  const tokens = present.filter(({ info }) => info !== undefined && (info.flags & TOKEN_INITIALIZED) !== 0);
  const found = tokens.filter(({ info }) => trimmed(info!.label) === tokenLabel);
  if (found.length === 1) return found[0]!.slot;
  throw new HsmTokenError(found.length === 0 ? 'no token has this label' : 'several tokens have this label', {
    data: { tokenLabel, module: path, tokens: tokens.map(({ info }) => trimmed(info!.label)) },
  });
}

/** A token that breaks off in the middle of the search is as good as absent. */
function tokenOf<Info>(read: () => Info): Info | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Labels are padded with blanks to 32 bytes. */
function trimmed(label: string): string {
  return label.replace(/[ \0]+$/, '');
}

/**
 * Opens a session and logs the process in.
 * @throws HsmPinError | HsmTokenError
 */
export function openSession(module: Pkcs11Module, slot: Handle, pin: string, write: boolean): Handle {
  const { api, names } = module;
  let session: Handle;
  try {
    session = api.C_OpenSession(slot, names.CKF_SERIAL_SESSION | (write ? names.CKF_RW_SESSION : 0));
  } catch (cause) {
    throw new HsmTokenError('the token opens no session', { data: { reason: pkcs11Reason(cause) }, cause });
  }
  try {
    api.C_Login(session, names.CKU_USER, pin);
  } catch (cause) {
    // Logging in is for the whole process: another user of the same token has done it.
    if (pkcs11Code(cause) === names.CKR_USER_ALREADY_LOGGED_IN) return session;
    throw new HsmPinError({ data: { reason: pkcs11Reason(cause) } });
  }
  return session;
}
