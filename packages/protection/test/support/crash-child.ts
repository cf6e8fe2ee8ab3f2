// A process that claims as fast as it can, in conflict with itself, and tells each allowed claim once it is allowed. It is
// killed from outside. Arguments: the database's path, a seed; `early` makes it tell what it asks for before it is allowed.
import { writeSync } from 'node:fs';
import type { Root } from '@holdfast/units';
import type { Duty } from '../../src/port.ts';
import { openSqliteProtection } from '../../src/sqlite/open.ts';
import { pubkeyOf, rootOf } from './model.ts';

const [path, seed, early] = [process.argv[2]!, Number(process.argv[3]), process.argv[4] === 'early'];
const store = await openSqliteProtection({ path, genesisValidatorsRoot: `0x${'9e'.repeat(32)}` as Root });
const KEYS = 8;
await store.register(Array.from({ length: KEYS }, (_, key) => pubkeyOf(key)));
writeSync(1, 'ready\n');

let state = seed;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function duty(): { duty: Duty; words: string } {
  const [key, root] = [random(KEYS), random(3)];
  const common = { pubkey: pubkeyOf(key), signingRoot: rootOf(root) };
  const base = Math.floor((Date.now() % 1e9) / 20);
  if (random(4) === 0) {
    const slot = base + random(4);
    return { duty: { kind: 'block', ...common, slot: BigInt(slot) }, words: `block ${key} ${slot} ${root}` };
  }
  const target = base + random(4);
  const source = Math.max(0, target - 1 - random(3));
  return {
    duty: { kind: 'attestation', ...common, sourceEpoch: BigInt(source), targetEpoch: BigInt(target) },
    words: `attestation ${key} ${source} ${target} ${root}`,
  };
}

/** Several at once: their claims share commits. What is written is what a signer would have signed. */
async function claimForever(): Promise<never> {
  for (;;) {
    const asked = duty();
    if (early) writeSync(1, `${asked.words}\n`);
    const verdict = await store.claim(asked.duty);
    if (verdict.allowed && !early) writeSync(1, `${asked.words}\n`);
  }
}
await Promise.all(Array.from({ length: 16 }, claimForever));
