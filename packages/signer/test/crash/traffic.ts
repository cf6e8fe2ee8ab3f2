import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Released } from './audit.ts';
import { GENESIS_VALIDATORS_ROOT, KEYS } from './keys.ts';

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What came of the requests of one round. */
export interface Outcome {
  readonly released: Released[];
  refused: number;
  /** Neither: the process was dead, or dying. */
  lost: number;
}

/**
 * Asks one or more signers for conflicting signatures, many at once, until `stop` fires. Slots and epochs lie in a narrow
 * window above `base`, so that almost every request conflicts with an earlier one, of this life or of one before.
 */
export async function conflictingTraffic(
  urls: readonly string[],
  base: number,
  random: () => number,
  stop: AbortSignal,
  onAnswer: () => void,
): Promise<Outcome> {
  const outcome: Outcome = { released: [], refused: 0, lost: 0 };
  const agent = new Agent({ keepAlive: true });
  const client = async (): Promise<void> => {
    while (!stop.aborted) {
      const wanted = conflicting(base, random);
      const url = urls[Math.floor(random() * urls.length)]!;
      const status = await ask(agent, url, wanted);
      if (status === 200 || status === 412) onAnswer();
      if (status === 200) outcome.released.push(wanted);
      else if (status === 412) outcome.refused += 1;
      else {
        outcome.lost += 1;
        await sleep(2);
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, client));
  agent.destroy();
  return outcome;
}

function conflicting(base: number, random: () => number): Released {
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const { pubkey } = KEYS[upTo(KEYS.length)]!;
  const variant = upTo(3);
  if (random() < 0.3) return { kind: 'block', pubkey, slot: 32 * base + upTo(4), variant };
  const target = base + upTo(5);
  return { kind: 'attestation', pubkey, source: Math.max(0, target - 1 - upTo(5)), target, variant };
}

const root = (fill: number): string => `0x${fill.toString(16).padStart(2, '0').repeat(32)}`;

function bodyOf(wanted: Released): string {
  const fork = { previous_version: '0x00000000', current_version: '0x00000000', epoch: '0' };
  const fork_info = { fork, genesis_validators_root: GENESIS_VALIDATORS_ROOT };
  if (wanted.kind === 'block') {
    const block_header = {
      slot: String(wanted.slot),
      proposer_index: '7',
      parent_root: root(wanted.variant),
      state_root: root(1),
      body_root: root(2),
    };
    return JSON.stringify({ type: 'BLOCK_V2', fork_info, beacon_block: { version: 'FULU', block_header } });
  }
  const attestation = {
    slot: String(32 * wanted.target),
    index: '0',
    beacon_block_root: root(wanted.variant),
    source: { epoch: String(wanted.source), root: root(3) },
    target: { epoch: String(wanted.target), root: root(4) },
  };
  return JSON.stringify({ type: 'ATTESTATION', fork_info, attestation });
}

/** The status, or 0 when no whole answer came. A signature counts as released when its last byte has arrived. */
function ask(agent: Agent, url: string, wanted: Released): Promise<number> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const call = request(`${url}/api/v1/eth2/sign/${wanted.pubkey}`, { method: 'POST', agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => resolve(0));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const whole = answer.complete && (answer.statusCode !== 200 || /0x[0-9a-f]{192}/.test(text));
        resolve(whole ? answer.statusCode! : 0);
      });
    });
    call.setTimeout(5000, () => call.destroy());
    call.on('error', () => resolve(0));
    call.end(bodyOf(wanted));
  });
}
