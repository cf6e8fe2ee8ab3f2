import type { Pubkey } from '@holdfast/units';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../../log.ts';
import type { SigningPort } from '../ports.ts';
import { Refusal } from '../refusal.ts';
import { type ExitBeaconPort, signVoluntaryExit } from './exit.ts';
import { deleteKeystores, importKeystores, type KeystorePorts, listKeystores } from './keystores.ts';
import { EXIT_QUERY, IMPORT_BODY, PUBKEY_PARAMS, PUBKEYS_BODY, REMOTE_KEYS_BODY } from './schemas.ts';
import { addSettingRoutes, type SettingRules } from './setting-routes.ts';
import type { SettingsPort } from './settings.ts';

export interface KeymanagerParts extends KeystorePorts {
  /** Where fee recipients, gas limits and graffiti are kept; without it these routes answer 500. */
  readonly settings?: SettingsPort;
  readonly settingRules?: SettingRules;
  /** Without it a voluntary exit cannot be built. */
  readonly beacon?: ExitBeaconPort;
}

interface Surroundings {
  readonly service: SigningPort;
  readonly log: Log;
  readonly bytesMax: number;
  /** Runs one change of keys at a time, reloads included. */
  readonly exclusive: <T>(change: () => Promise<T>) => Promise<T>;
}

/** The Keymanager API. Every route asks for the bearer token of an admin. */
export function addKeymanagerRoutes(app: FastifyInstance, parts: KeymanagerParts, around: Surroundings): void {
  addKeystoreRoutes(app, parts, around);
  addRemoteKeyRoutes(app);
  addSettingRoutes(app, { known: (pubkey) => parts.ring.has(pubkey), ...parts });
  addExitRoute(app, parts, around.service);
}

function addKeystoreRoutes(
  app: FastifyInstance,
  parts: KeymanagerParts,
  { log, bytesMax, exclusive }: Surroundings,
): void {
  app.get('/eth/v1/keystores', async () => ({ data: listKeystores(parts) }));

  interface ImportBody {
    keystores: unknown[];
    passwords: string[];
    slashing_protection?: unknown;
  }
  const importing = { bodyLimit: bytesMax, schema: { body: IMPORT_BODY } };
  app.post<{ Body: ImportBody }>('/eth/v1/keystores', importing, async ({ body, caller, id }) => {
    const { keystores, passwords, slashing_protection: history } = body;
    if (keystores.length !== passwords.length) {
      throw new Refusal(400, `${keystores.length} keystores came with ${passwords.length} passwords: one opens one`);
    }
    const data = await exclusive(() =>
      importKeystores(parts, {
        keystores,
        passwords,
        ...(history === undefined || history === null || history === '' ? {} : { slashingProtection: history }),
      }),
    );
    log.info({ requestId: id, client: caller!.name, statuses: tally(data) }, 'keystores imported');
    return { data };
  });

  const deleting = { bodyLimit: bytesMax, schema: { body: PUBKEYS_BODY } };
  app.delete<{ Body: { pubkeys: string[] } }>('/eth/v1/keystores', deleting, async ({ body, caller, id }) => {
    const pubkeys = body.pubkeys.map(lower);
    const { statuses, interchange } = await exclusive(() => deleteKeystores(parts, pubkeys));
    await parts.settings?.forget(pubkeys.filter((_, index) => statuses[index]!.status === 'deleted'));
    log.info({ requestId: id, client: caller!.name, statuses: tally(statuses) }, 'keystores deleted');
    return { data: statuses, slashing_protection: JSON.stringify(interchange) };
  });
}

/**
 * Remote keys are keys that a validator client has signed by a signer elsewhere. This is that signer: it holds its keys
 * itself and asks no other, so there is nothing to list, and importing one is an error for each.
 */
function addRemoteKeyRoutes(app: FastifyInstance): void {
  const message = 'this signer holds its keys itself; tell the validator client to use the other signer';
  app.get('/eth/v1/remotekeys', async () => ({ data: [] }));
  app.post<{ Body: { remote_keys: unknown[] } }>(
    '/eth/v1/remotekeys',
    { schema: { body: REMOTE_KEYS_BODY } },
    async ({ body }) => ({ data: body.remote_keys.map(() => ({ status: 'error', message })) }),
  );
  app.delete<{ Body: { pubkeys: string[] } }>(
    '/eth/v1/remotekeys',
    { schema: { body: PUBKEYS_BODY } },
    async ({ body }) => ({ data: body.pubkeys.map(() => ({ status: 'not_found' })) }),
  );
}

function addExitRoute(app: FastifyInstance, { ring, beacon }: KeymanagerParts, service: SigningPort): void {
  app.post<{ Params: { pubkey: string }; Querystring: { epoch?: string } }>(
    '/eth/v1/validator/:pubkey/voluntary_exit',
    { schema: { params: PUBKEY_PARAMS, querystring: EXIT_QUERY } },
    async ({ params, query, caller }) => {
      const pubkey = lower(params.pubkey);
      if (!ring.has(pubkey)) throw new Refusal(404, 'the signer holds no such key', 'SIGNER_UNKNOWN_KEY');
      const epoch = query.epoch === undefined ? undefined : BigInt(query.epoch);
      if (epoch !== undefined && epoch >= 2n ** 64n) throw new Refusal(400, 'the epoch is beyond 2^64');
      if (beacon === undefined) {
        const why =
          'a voluntary exit names the validator index and epoch, and the signer was given no beacon node to ask';
        throw new Refusal(500, why, 'SIGNER_NO_BEACON');
      }
      return { data: await signVoluntaryExit({ service, beacon }, pubkey, epoch, caller!) };
    },
  );
}

const lower = (pubkey: string): Pubkey => pubkey.toLowerCase() as Pubkey;

/** How many of each status, for the log. */
function tally(statuses: readonly { readonly status: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
