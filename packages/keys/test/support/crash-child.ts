// Changes a sealed store, one operation after the other, until it is killed. Prints the number of each one that is done.
// Arguments: directory, number of the first operation, `atomic` or `torn` (the mutant: it writes in place, in two halves).
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { SealedStore, type StoreFile } from '../../src/index.ts';
import { atomicFile } from '../../src/sealed/files.ts';
import { operation } from './crash-model.ts';
import { testKey } from './keys.ts';
import { cheapKek } from './stores.ts';

const tornFile: StoreFile = {
  ...atomicFile,
  async replace(path, bytes) {
    const file = await open(path, 'w');
    const half = bytes.length >> 1;
    await file.write(bytes.subarray(0, half));
    await wait(2);
    await file.write(bytes.subarray(half));
    await file.close();
  },
};

const [directory, first, kind] = process.argv.slice(2) as [string, string, string];
const file = kind === 'torn' ? tornFile : atomicFile;
const store = await SealedStore.open(directory, cheapKek(), { create: true, file });
process.stdout.write('ready\n');
for (let number = Number(first); ; number += 1) {
  const { add, key } = operation(number);
  await (add ? store.add([testKey(key)]) : store.remove([testKey(key).pubkey]));
  process.stdout.write(`${number}\n`);
}
