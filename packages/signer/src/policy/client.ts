import type { Pubkey } from '@holdfast/units';
import type { SignType } from '../requests/types.ts';
import type { Client } from '../service.ts';

/** What a client may do, as configuration says it. */
export interface ClientRules {
  readonly name: string;
  /** Keys beyond these do not exist for the client. */
  readonly keys: 'all' | readonly Pubkey[];
  readonly types: 'all' | readonly SignType[];
}

/** A client from its allow-lists. */
export function clientOf({ name, keys, types }: ClientRules): Client {
  const allowedKeys = keys === 'all' ? null : new Set(keys);
  const allowedTypes = types === 'all' ? null : new Set(types);
  return {
    name,
    mayUse: (pubkey) => allowedKeys?.has(pubkey) ?? true,
    mayAsk: (type) => allowedTypes?.has(type) ?? true,
  };
}
