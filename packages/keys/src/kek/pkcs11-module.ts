import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { PKCS11 } from 'pkcs11js';
import { HsmModuleError } from './errors.ts';

type Pkcs11Js = typeof import('pkcs11js');

/** Where distributions put SoftHSM2. Other modules are given by path. */
export const PKCS11_MODULE_PATHS: readonly string[] = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

/** The path of an installed SoftHSM2, or undefined. */
export function findPkcs11Module(paths: readonly string[] = PKCS11_MODULE_PATHS): string | undefined {
  return paths.find((path) => existsSync(path));
}

/** A module that is started. PKCS#11 starts it once a process, so its users share it. */
export interface Pkcs11Module {
  readonly path: string;
  readonly api: PKCS11;
  readonly names: Pkcs11Js;
  /** Lets go of it; the last one to do so stops it. */
  release(): void;
}

interface Started {
  readonly api: PKCS11;
  readonly names: Pkcs11Js;
  /** False when another part of the process had started it: then it is not ours to stop. */
  readonly ours: boolean;
  users: number;
}

const started = new Map<string, Started>();

/** @throws HsmModuleError when it does not load or start */
export function usePkcs11Module(path: string): Pkcs11Module {
  const module = started.get(path) ?? start(path);
  started.set(path, module);
  module.users += 1;
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    module.users -= 1;
    if (module.users > 0) return;
    started.delete(path);
    if (module.ours) attempt(() => module.api.C_Finalize());
    attempt(() => module.api.close());
  };
  return { path, api: module.api, names: module.names, release };
}

function start(path: string): Started {
  let names: Pkcs11Js;
  try {
    // Loaded here, so that those who use no HSM need no native build of it.
    names = createRequire(import.meta.url)('pkcs11js') as Pkcs11Js;
  } catch (cause) {
    throw new HsmModuleError('needs pkcs11js', { data: { path }, fix: 'Build it: npm rebuild pkcs11js', cause });
  }
  const api = new names.PKCS11();
  try {
    api.load(path);
  } catch (cause) {
    throw new HsmModuleError('does not load', {
      data: { path },
      fix: 'Give the path of the module of your HSM (SoftHSM2: apt-get install softhsm2)',
      cause,
    });
  }
  try {
    api.C_Initialize();
    return { api, names, ours: true, users: 0 };
  } catch (cause) {
    if (pkcs11Code(cause) === names.CKR_CRYPTOKI_ALREADY_INITIALIZED) return { api, names, ours: false, users: 0 };
    attempt(() => api.close());
    throw new HsmModuleError('does not start', {
      data: { path, reason: pkcs11Reason(cause) },
      fix: 'Check its configuration (SoftHSM2: SOFTHSM2_CONF and the token directory that it names) and your rights',
      cause,
    });
  }
}

/** The CKR_… code of what pkcs11js threw, or undefined when the error is of another kind. */
export function pkcs11Code(error: unknown): number | undefined {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** The CKR_… name. */
export function pkcs11Reason(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

/** For clean-ups, which have nobody to tell. */
export function attempt(action: () => unknown): void {
  try {
    action();
  } catch {
    // The token may be gone already.
  }
}
