import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { AccessConfig } from '@holdfast/signer';
import { CliFileError, CliUsageError } from '../../errors.ts';

/** The shape of each part of the file, by name. */
const FILE = new Set(['clients', 'admins', 'allowedHosts', 'plaintextTokens']);
const CLIENT = new Set(['name', 'tokenFile', 'certificate', 'keys', 'types', 'rate']);
const ADMIN = new Set(['name', 'tokenFile']);
const CERTIFICATE = new Set(['sha256', 'commonName']);
const RATE = new Set(['perSecond', 'burst']);

/**
 * Who may ask: the object of `AccessConfig` in JSON, its token files relative to the file. Unknown names are refused: a
 * misspelt allow-list must not become none.
 *
 * @throws CliFileError, CliUsageError
 */
export function readClients(path: string): AccessConfig {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CliFileError('the file of clients cannot be read', { data: { path }, cause });
  }
  const file = checked(value, FILE, 'the file', path);
  const tokenAt = (token: unknown): { tokenFile?: string } =>
    token === undefined ? {} : { tokenFile: resolve(dirname(path), text(token, 'tokenFile', path)) };
  const clients = list(file.clients, 'clients', path).map((item) => {
    const client = checked(item, CLIENT, 'a client', path);
    if (client.certificate !== undefined) checked(client.certificate, CERTIFICATE, 'a certificate', path);
    if (client.rate !== undefined) {
      for (const number of Object.values(checked(client.rate, RATE, 'a rate', path))) {
        if (typeof number !== 'number') fail('a rate holds numbers', path);
      }
    }
    for (const name of ['keys', 'types'] as const) {
      for (const item of list(client[name], name, path)) text(item, name, path);
    }
    const keys = (client.keys as string[] | undefined)?.map((key) => {
      if (!/^0x[0-9a-fA-F]{96}$/.test(key)) fail('"keys" must be public keys: 0x and 48 bytes in hex', path);
      return key.toLowerCase();
    });
    return {
      ...client,
      name: text(client.name, 'name', path),
      ...(keys ? { keys } : {}),
      ...tokenAt(client.tokenFile),
    };
  });
  const admins = list(file.admins, 'admins', path).map((item) => {
    const admin = checked(item, ADMIN, 'an admin', path);
    return { name: text(admin.name, 'name', path), ...tokenAt(admin.tokenFile) };
  });
  for (const { name, tokenFile } of admins) if (!tokenFile) fail(`the admin ${name} needs a tokenFile`, path);
  // Each name and value was looked at above.
  return { ...file, clients, admins } as unknown as AccessConfig;
}

function checked(value: unknown, names: ReadonlySet<string>, what: string, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail(`${what} must be an object`, path);
  for (const name of Object.keys(value)) if (!names.has(name)) fail(`${what} has no "${name}"`, path);
  return value as Record<string, unknown>;
}

const list = (value: unknown, name: string, path: string): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : fail(`"${name}" must be a list`, path);

const text = (value: unknown, name: string, path: string): string =>
  typeof value === 'string' && value !== '' ? value : fail(`"${name}" must be a text`, path);

function fail(why: string, path: string): never {
  throw new CliUsageError(`${why} (clients)`, { data: { path }, fix: 'docs/guide/remote-signer.md shows one' });
}
