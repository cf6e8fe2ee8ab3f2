import { verifyBacking } from '@holdfast/pool';
import type { FastifyInstance } from 'fastify';
import type { VerifyState } from '../../shared/state.ts';
import { jsonOnly } from '../guard/guards.ts';
import { briefly } from '../watch/HealthBox.ts';
import type { Watcher } from '../watch/Watcher.ts';

/** A person waits: of older pools only the blocks since the last checkpoint began are read one by one. */
const AUDIT_BLOCKS_MAX = 256n;

/** `POST /api/verify`: recomputes the backing from the two APIs, as `holdfast verify` does. Who asks meanwhile shares it. */
export function mountVerify(server: FastifyInstance, { chain, beacon, manifest }: Watcher): void {
  const verify = async (): Promise<VerifyState> => {
    const { publicClient } = chain;
    const parameters = { publicClient, beaconClient: beacon.client, manifest, auditBlocksMax: AUDIT_BLOCKS_MAX };
    const report = await verifyBacking(parameters);
    return {
      backed: report.backed,
      block: report.block.toString(),
      slot: report.slot,
      assets: report.assetsWei?.toString() ?? null,
      owed: report.owedWei?.toString() ?? null,
      rows: report.rows.map(({ check, ok, note, expected, actual, diffWei }) => ({
        ...{ check, ok, note, expected, actual },
        diff: diffWei?.toString() ?? null,
      })),
    };
  };
  let underWay: Promise<VerifyState> | null = null;
  server.post('/api/verify', { bodyLimit: 1_024, onRequest: jsonOnly }, async (_request, reply) => {
    underWay ??= verify().finally(() => {
      underWay = null;
    });
    try {
      return await underWay;
    } catch (error) {
      return reply.code(502).send({ error: briefly(error) });
    }
  });
}
