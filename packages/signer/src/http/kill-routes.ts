import type { FastifyInstance } from 'fastify';
import type { KillPort } from './ports.ts';

/** `/holdfast/v1/kill`, for admins: GET tells, POST stops all signing, DELETE allows it again. */
export function addKillRoutes(app: FastifyInstance, kill: KillPort): void {
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/holdfast/v1/kill',
    handler: async ({ method, body, caller }, reply) => {
      const answer = kill(method, body, caller!.name);
      return reply.code(answer.status).send(answer.body);
    },
  });
}
