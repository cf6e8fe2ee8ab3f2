import type { FastifyInstance } from 'fastify';
import type { Access } from '../access/access.ts';
import type { Log } from '../log.ts';
import type { HealthChecks } from './health.ts';
import type { HighWatermarkPort, KeysPort } from './ports.ts';
import { Refusal } from './refusal.ts';
import type { Reloads } from './reload.ts';

export interface Web3SignerParts {
  readonly access: Access;
  readonly keys: KeysPort;
  readonly protection: HighWatermarkPort;
  readonly health: HealthChecks;
  readonly reloads: Reloads | null;
  readonly log: Log;
}

const WATCH_RELOAD = 'Use GET /reload to check status.';

/** The rest of the Web3Signer eth2 API: public keys, high watermark, reload, health. */
export function addWeb3SignerRoutes(app: FastifyInstance, parts: Web3SignerParts): void {
  const { access, keys, protection, health, reloads, log } = parts;

  app.get('/upcheck', { config: { who: 'anybody' } }, async (_request, reply) => {
    reply.type('text/plain; charset=utf-8');
    return 'OK';
  });

  app.get('/healthcheck', { config: { who: 'anybody' } }, async (_request, reply) => {
    const found = await health.read();
    return reply.code(found.status === 'UP' ? 200 : 503).send(found);
  });

  app.get('/api/v1/eth2/publicKeys', { config: { who: 'client' } }, async ({ caller }) =>
    [...keys.pubkeys].filter((pubkey) => caller!.mayUse(pubkey)),
  );

  app.get('/api/v1/eth2/highWatermark', { config: { who: 'client' } }, async () => {
    const watermark = await protection.highWatermark();
    return watermark === null ? {} : { epoch: watermark.epoch.toString(), slot: watermark.slot.toString() };
  });

  // Whoever is alone on the machine with the signer may reload it, as with Web3Signer; once callers have names, admins may.
  const who = access.open && !access.hasAdmins ? 'client' : 'admin';
  app.get('/reload', { config: { who } }, async () => reloads?.state ?? { status: 'idle' });

  app.post('/reload', { config: { who } }, async ({ caller }, reply) => {
    if (reloads === null) throw new Refusal(500, 'this signer has no key directory to reload from', 'SIGNER_NO_RELOAD');
    const running = reloads.start();
    if (running === null) {
      const message = 'A reload operation is already in progress. Please try again later.';
      return reply.code(409).send({ status: 'error', message });
    }
    void running.then((state) => log.info({ client: caller!.name, ...state }, 'keys reloaded'));
    const message = `Reload operation accepted and is running in the background. ${WATCH_RELOAD}`;
    return reply.code(202).send({ status: 'accepted', message });
  });
}
