// The tests of sealed keys want a real PKCS#11 token. SoftHSM2 is a system package: where this may install it, it does;
// elsewhere it says how, and those tests say that they were left out.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

/** @returns why there is no SoftHSM2, or null when there is one. */
export function ensureSoftHsm(): string | null {
  if (found()) return null;
  const how = 'install SoftHSM2 (apt-get install softhsm2, dnf install softhsm, brew install softhsm)';
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return how;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => spawnSync('apt-get', ['-qq', ...args], { env, stdio: 'ignore', timeout: 180_000 });
  const install = ['install', '-y', '--no-install-recommends', 'softhsm2'];
  if (apt(...install).status !== 0) {
    apt('update');
    apt(...install);
  }
  return found() ? null : how;
}

const found = (): boolean => [process.env.HOLDFAST_PKCS11_MODULE ?? '', ...MODULES].some((path) => existsSync(path));
