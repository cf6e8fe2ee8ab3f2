// A thread that opens keystores, one message each: `decryptKeystores` feeds it.
import { parentPort } from 'node:worker_threads';
import type { Keystore } from './format.ts';
import { type Opening, openKeystore } from './open.ts';

/** What the thread is asked. The password's bytes are handed over, not copied. */
export interface OpenTask {
  readonly keystore: Keystore;
  readonly password: Uint8Array<ArrayBuffer>;
}

parentPort?.on('message', ({ keystore, password }: OpenTask) => {
  let opening: Opening;
  try {
    opening = openKeystore(keystore, password);
  } finally {
    password.fill(0);
  }
  const handed = opening.outcome === 'opened' ? [opening.secret.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(opening, handed);
});
