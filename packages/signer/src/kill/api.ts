import { HoldfastError } from '@holdfast/units';
import type { KillSwitch } from './KillSwitch.ts';

/** What `/holdfast/v1/kill` answers. */
export interface KillAnswer {
  readonly status: 200 | 400 | 405 | 500;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * `/holdfast/v1/kill`: GET tells, POST (`{"why": "…"}`, may be empty) stops all signing, DELETE allows it again. It knows
 * no HTTP server; whoever mounts it has authenticated the client first.
 *
 * @param client the client's name, for the record
 */
export function answerKill(kill: KillSwitch, method: string, body: unknown, client: string): KillAnswer {
  try {
    if (method === 'POST') {
      const why = (body as { why?: unknown } | null | undefined)?.why ?? '';
      if (typeof why !== 'string') return { status: 400, body: { message: '"why" must be a text' } };
      kill.kill({ by: `API client ${client}`, why });
    } else if (method === 'DELETE') kill.resume();
    else if (method !== 'GET') return { status: 405, body: { message: 'GET, POST or DELETE' } };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { status: 500, body: { code: error.code, message: error.message, killed: kill.state() !== null } };
  }
  const state = kill.state();
  return { status: 200, body: state ? { killed: true, ...state } : { killed: false } };
}
