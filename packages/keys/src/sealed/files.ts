import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** How the store reads and writes its one file: the port through which tests let a disk fail. */
export interface StoreFile {
  /** The bytes, or undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Puts `bytes` there: after a crash at any moment, the old bytes or the new ones are there, whole. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
}

const OWNER_ONLY = 0o600;
const DIRECTORY_OWNER_ONLY = 0o700;
const TEMPORARY = '.tmp';

/** Written beside, flushed, put in place in one step, and the step flushed. */
export const atomicFile: StoreFile = {
  async read(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'ENOENT') return undefined;
      throw error;
    }
  },

  async replace(path, bytes) {
    const directory = dirname(path);
    await mkdir(directory, { recursive: true, mode: DIRECTORY_OWNER_ONLY });
    const temporary = `${path}.${process.pid}${TEMPORARY}`;
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
      await flushed(temporary, flags, (file) => file.writeFile(bytes));
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await flushed(directory, constants.O_RDONLY);
  },
};

/** Removes what a crash left beside the file. It holds nothing that is not sealed. */
export async function removeLeftovers(directory: string, name: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const left = names.filter((other) => other.startsWith(`${name}.`) && other.endsWith(TEMPORARY));
  await Promise.all(left.map((other) => unlink(join(directory, other)).catch(() => undefined)));
}

type OpenFile = Awaited<ReturnType<typeof open>>;

async function flushed(path: string, flags: number, write?: (file: OpenFile) => Promise<void>): Promise<void> {
  const file = await open(path, flags, OWNER_ONLY);
  try {
    await write?.(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
