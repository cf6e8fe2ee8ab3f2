import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Stopped } from '../stop.ts';

/** Asks on the terminal without showing what is typed; null when nobody sits there. */
export async function askSecret(question: string, signal: AbortSignal): Promise<string | null> {
  if (process.stdin.isTTY !== true) return null;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(`${question}: `);
  try {
    return await terminal.question('', { signal });
  } catch (error) {
    if (signal.aborted) throw new Stopped();
    throw error;
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
