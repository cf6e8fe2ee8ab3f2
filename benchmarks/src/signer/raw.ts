import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

const LOOP = `
const { parentPort, workerData } = require('node:worker_threads');
const { SecretKey } = require('@chainsafe/blst');
const key = SecretKey.fromKeygen(new Uint8Array(32).fill(7));
const message = new Uint8Array(32);
const view = new DataView(message.buffer);
let count = 0;
const end = performance.now() + workerData;
while (performance.now() < end) for (let i = 0; i < 20; i += 1) { view.setUint32(0, count++); key.sign(message).toBytes(); }
parentPort.postMessage(count);
`;

/** The physical limit: blst signatures a second with every core at nothing else. */
export async function rawSignaturesPerSecond(ms: number): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: availableParallelism() }, () => {
      const worker = new Worker(LOOP, { eval: true, workerData: ms });
      return new Promise<number>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    }),
  );
  return counts.reduce((total, count) => total + count, 0) / (ms / 1000);
}
