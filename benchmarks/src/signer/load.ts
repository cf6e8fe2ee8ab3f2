import { connect, type Socket } from 'node:net';
import type { Pubkey } from '@holdfast/units';
import { GENESIS_VALIDATORS_ROOT } from './keys.ts';

/** Milliseconds of each request, sorted, and of the whole. */
export interface LoadResult {
  readonly latencies: readonly number[];
  readonly wallMs: number;
}

/** One request as bytes: an attestation of `pubkey` with this target. */
export function attestationRequest(pubkey: Pubkey, target: number): Buffer {
  const fork = '{"previous_version":"0x00000000","current_version":"0x00000000","epoch":"0"}';
  const root = `0x${'11'.repeat(32)}`;
  const body =
    `{"type":"ATTESTATION","fork_info":{"fork":${fork},"genesis_validators_root":"${GENESIS_VALIDATORS_ROOT}"},` +
    `"attestation":{"slot":"${32 * target}","index":"0","beacon_block_root":"${root}",` +
    `"source":{"epoch":"${target - 1}","root":"${root}"},"target":{"epoch":"${target}","root":"${root}"}}}`;
  return Buffer.from(
    `POST /api/v1/eth2/sign/${pubkey} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Accept: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/**
 * Sends requests over `connections` kept-alive connections, one at a time on each, as fast as answers come: bytes out,
 * bytes in, so that the generator leaves the cores to what is measured.
 *
 * @param next the next request, or null when there is none left
 */
export async function load(url: string, connections: number, next: () => Buffer | null): Promise<LoadResult> {
  const { hostname, port } = new URL(url);
  const latencies: number[] = [];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: connections }, () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      return oneAtATime(socket, next, latencies);
    }),
  );
  return { latencies: latencies.sort((a, b) => a - b), wallMs: performance.now() - started };
}

function oneAtATime(socket: Socket, next: () => Buffer | null, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let answer = '';
    const send = (): void => {
      const request = next();
      if (!request) {
        socket.end();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      const head = answer.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
      if (answer.length < head + 4 + length) return;
      if (!answer.startsWith('HTTP/1.1 200')) return reject(new Error(`the signer answered ${answer}`));
      answer = '';
      latencies.push(performance.now() - sentAt);
      send();
    });
    socket.once('connect', send);
    socket.once('error', reject);
  });
}

/** The value below which a share of sorted samples lies. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
