import type { Hex, Pubkey } from '@holdfast/units';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../refusal.ts';
import { FEE_RECIPIENT_BODY, GAS_LIMIT_BODY, GRAFFITI_BODY, PUBKEY_PARAMS } from './schemas.ts';
import type { SettingName, SettingsPort } from './settings.ts';

/** What holds for keys without a setting of their own, and what may be set at all. */
export interface SettingRules {
  readonly feeRecipient?: Hex;
  /** Gas, decimal. */
  readonly gasLimit?: string;
  readonly graffiti?: string;
  /** Fee recipients that the signer's policy signs for; others are refused with 403. Any when absent. */
  readonly feeRecipients?: readonly Hex[];
}

export interface SettingRouteParts {
  readonly settings?: SettingsPort;
  readonly settingRules?: SettingRules;
  readonly known: (pubkey: Pubkey) => boolean;
}

/** One of the three settings: where it stands in requests and answers, and how a value is checked. */
interface SettingRoute {
  readonly path: 'feerecipient' | 'gas_limit' | 'graffiti';
  readonly name: SettingName;
  readonly field: string;
  readonly body: object;
  /** The value as it is kept. @throws Refusal */
  readonly check: (value: string, rules: SettingRules) => string;
}

const ZERO_ADDRESS = `0x${'00'.repeat(20)}`;
const GRAFFITI_BYTES = 32;

const SETTINGS: readonly SettingRoute[] = [
  {
    path: 'feerecipient',
    name: 'feeRecipient',
    field: 'ethaddress',
    body: FEE_RECIPIENT_BODY,
    check: checkFeeRecipient,
  },
  { path: 'gas_limit', name: 'gasLimit', field: 'gas_limit', body: GAS_LIMIT_BODY, check: checkGasLimit },
  { path: 'graffiti', name: 'graffiti', field: 'graffiti', body: GRAFFITI_BODY, check: checkGraffiti },
];

/**
 * Fee recipient, gas limit and graffiti of a key: GET, POST, DELETE. A validator client does not ask the signer for them:
 * they are kept for tools of the Keymanager API; what the signer enforces is its policy.
 */
export function addSettingRoutes(
  app: FastifyInstance,
  { settings, settingRules = {}, known }: SettingRouteParts,
): void {
  interface Route {
    Params: { pubkey: string };
    Body: Record<string, string>;
  }
  const knownKey = (params: { pubkey: string }): Pubkey => {
    const pubkey = params.pubkey.toLowerCase() as Pubkey;
    if (!known(pubkey)) throw new Refusal(404, 'the signer holds no such key', 'SIGNER_UNKNOWN_KEY');
    return pubkey;
  };
  const kept = (): SettingsPort => {
    if (settings) return settings;
    throw new Refusal(500, 'the signer was given no file to keep settings in', 'SIGNER_NO_SETTINGS');
  };
  for (const { path, name, field, body, check } of SETTINGS) {
    const url = `/eth/v1/validator/:pubkey/${path}`;
    app.get<Route>(url, { schema: { params: PUBKEY_PARAMS } }, async ({ params }) => {
      const pubkey = knownKey(params);
      const value = kept().get(pubkey)[name] ?? settingRules[name];
      if (value === undefined) throw new Refusal(404, `no ${path} is set for this key, and there is no default`);
      return { data: { pubkey, [field]: value } };
    });
    app.post<Route>(url, { schema: { params: PUBKEY_PARAMS, body } }, async ({ params, body: sent }, reply) => {
      const pubkey = knownKey(params);
      await kept().set(pubkey, name, check(sent[field]!, settingRules));
      return reply.code(202).send();
    });
    app.delete<Route>(url, { schema: { params: PUBKEY_PARAMS } }, async ({ params }, reply) => {
      await kept().set(knownKey(params), name, undefined);
      return reply.code(204).send();
    });
  }
}

function checkFeeRecipient(value: string, { feeRecipients }: SettingRules): string {
  const address = value.toLowerCase();
  if (address === ZERO_ADDRESS)
    throw new Refusal(400, 'the zero address cannot be a fee recipient: fees would be burnt');
  if (feeRecipients && !feeRecipients.some((allowed) => allowed.toLowerCase() === address)) {
    throw new Refusal(403, 'the signer signs for no such fee recipient: its policy names others', 'SIGNER_REFUSED');
  }
  return address;
}

function checkGasLimit(value: string): string {
  if (BigInt(value) >= 2n ** 64n) throw new Refusal(400, 'the gas limit is beyond 2^64');
  return value;
}

function checkGraffiti(value: string): string {
  if (Buffer.byteLength(value) > GRAFFITI_BYTES) throw new Refusal(400, 'graffiti is at most 32 bytes of UTF-8');
  return value;
}
