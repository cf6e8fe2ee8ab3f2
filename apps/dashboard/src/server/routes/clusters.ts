import type { FastifyInstance } from 'fastify';
import { CLUSTER_ACTS, type ClusterOrder } from '../../shared/clusters.ts';
import { jsonOnly, loopbackOnly, refuse } from '../guard/guards.ts';
import type { ClustersPort } from '../options.ts';

const BODY_BYTES_MAX = 1024;

const ORDER = {
  type: 'object',
  required: ['cluster', 'node', 'act'],
  additionalProperties: false,
  properties: {
    cluster: { type: 'string', maxLength: 64 },
    node: { type: 'integer', minimum: 1, maximum: 31 },
    act: { enum: CLUSTER_ACTS },
  },
} as const;

/** `POST /api/clusters`: breaks a node of a devnet's cluster, or mends it. `acted` is called after it. */
export function mountClusters(server: FastifyInstance, clusters: ClustersPort, acted: () => void): void {
  const options = { bodyLimit: BODY_BYTES_MAX, schema: { body: ORDER }, onRequest: [loopbackOnly, jsonOnly] };
  server.post<{ Body: ClusterOrder }>('/api/clusters', options, async ({ body }, reply) => {
    try {
      await clusters.act(body);
    } catch (error) {
      return refuse(reply, 409, error instanceof Error ? error.message : String(error));
    } finally {
      acted();
    }
    return reply.send({});
  });
}
