/** JSON schemas of the Keymanager API's requests (keymanager-APIs, `types/` and `apis/`). */
const PUBKEY = { type: 'string', pattern: '^0x[a-fA-F0-9]{96}$' } as const;
const ADDRESS = { type: 'string', pattern: '^0x[a-fA-F0-9]{40}$' } as const;
const UINT64 = { type: 'string', pattern: '^(?:0|[1-9][0-9]{0,19})$' } as const;

export const PUBKEY_PARAMS = { type: 'object', required: ['pubkey'], properties: { pubkey: PUBKEY } } as const;

export const PUBKEYS_BODY = {
  type: 'object',
  required: ['pubkeys'],
  properties: { pubkeys: { type: 'array', items: PUBKEY } },
} as const;

/** Keystores and slashing protection are JSON in a string; the object itself is taken too, as several clients do. */
export const IMPORT_BODY = {
  type: 'object',
  required: ['keystores', 'passwords'],
  properties: {
    keystores: { type: 'array', items: { type: ['string', 'object'] } },
    passwords: { type: 'array', items: { type: 'string' } },
    slashing_protection: { type: ['string', 'object', 'null'] },
  },
} as const;

export const REMOTE_KEYS_BODY = {
  type: 'object',
  required: ['remote_keys'],
  properties: {
    remote_keys: {
      type: 'array',
      items: { type: 'object', required: ['pubkey'], properties: { pubkey: PUBKEY, url: { type: 'string' } } },
    },
  },
} as const;

const bodyOf = <T extends object>(name: string, schema: T) =>
  ({ type: 'object', required: [name], properties: { [name]: schema } }) as const;

export const FEE_RECIPIENT_BODY = bodyOf('ethaddress', ADDRESS);
export const GAS_LIMIT_BODY = bodyOf('gas_limit', UINT64);
export const GRAFFITI_BODY = bodyOf('graffiti', { type: 'string', maxLength: 32 });
export const EXIT_QUERY = { type: 'object', properties: { epoch: UINT64 } } as const;
