import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inProcess, killAll, temporary } from './support/cli.ts';
import { ROOT, testKeys, writeNetwork } from './support/signer.ts';

let dir: ReturnType<typeof temporary>;
let network: string;
beforeAll(() => {
  dir = temporary();
  network = writeNetwork(dir.path);
  writeFileSync(at('history.json'), JSON.stringify(history()));
});
afterAll(async () => {
  await killAll();
  dir.dispose();
});

const KEY = testKeys[0]!.pubkey as string;
const at = (name: string): string => join(dir.path, name);
const run = (...args: string[]) => inProcess(['protection', ...args, '--json'], dir.path);
const told = (out: string): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

/** Ten blocks, ten attestations. */
function history(root = ROOT, extra: readonly { source_epoch: string; target_epoch: string }[] = []) {
  const numbers = Array.from({ length: 10 }, (_, index) => index + 1);
  return {
    metadata: { interchange_format_version: '5', genesis_validators_root: root },
    data: [
      {
        pubkey: KEY,
        signed_blocks: numbers.map((slot) => ({ slot: String(slot) })),
        signed_attestations: [
          ...numbers.map((target) => ({ source_epoch: String(target - 1), target_epoch: String(target) })),
          ...extra,
        ],
      },
    ],
  };
}

test('import, check, export, prune: what was refused stays refused', async () => {
  const imported = await run('import', 'history.json', '--init', '--network', network, '--data-dir', 'p');
  expect({ code: imported.code, ...told(imported.out) }).toMatchObject({
    code: 0,
    keysAdded: 1,
    blocks: 10,
    attestations: 10,
  });
  const again = await run('import', 'history.json', '--data-dir', 'p');
  expect(told(again.out)).toMatchObject({ keysAdded: 0, blocks: 0, attestations: 0, known: 20 });
  const checked = await run('check', '--data-dir', 'p');
  expect({ code: checked.code, ...told(checked.out) }).toMatchObject({ code: 0, ok: true, keys: 1, attestations: 10 });

  const out = told((await run('export', '--data-dir', 'p')).out);
  expect(out).toMatchObject({ metadata: { genesis_validators_root: ROOT }, data: [{ pubkey: KEY }] });
  expect((await run('export', '--out', 'out.json', '--data-dir', 'p')).code).toBe(0);
  expect(JSON.parse(readFileSync(at('out.json'), 'utf8'))).toEqual(out);
  expect((await run('export', '--out', 'out.json', '--data-dir', 'p')).code).toBe(2);
  const minimal = told((await run('export', '--minimal', '--keys', KEY, '--data-dir', 'p')).out);
  expect(minimal).toMatchObject({
    data: [{ signed_blocks: [{ slot: '10' }], signed_attestations: [{ source_epoch: '9', target_epoch: '10' }] }],
  });

  const dry = told((await run('prune', '--epochs-to-keep', '4', '--dry-run', '--data-dir', 'p')).out);
  expect(told((await run('check', '--data-dir', 'p')).out)).toMatchObject({ blocks: 10, attestations: 10 });
  const wet = told((await run('prune', '--epochs-to-keep', '4', '--data-dir', 'p')).out);
  expect(wet).toEqual({ ...dry, dryRun: false });
  expect(wet).toMatchObject({ blocks: 2, attestations: 6 });
  expect(told((await run('check', '--data-dir', 'p')).out)).toMatchObject({ ok: true, blocks: 8, attestations: 4 });
});

test('a history with a slashable pair is found by check: exit code 1', async () => {
  writeFileSync(at('slashable.json'), JSON.stringify(history(ROOT, [{ source_epoch: '2', target_epoch: '9' }])));
  expect((await run('import', 'slashable.json', '--init', '--network', network, '--data-dir', 's')).code).toBe(0);
  const { code, out } = await run('check', '--data-dir', 's');
  expect(code).toBe(1);
  expect((told(out).slashable as unknown[]).length).toBeGreaterThan(0);
});

test.each([
  ['{', 'PROTECTION_INTERCHANGE'],
  [JSON.stringify(history(`0x${'99'.repeat(32)}`)), 'PROTECTION_GENESIS'],
  [
    JSON.stringify({ ...history(), metadata: { ...history().metadata, interchange_format_version: '4' } }),
    'PROTECTION_INTERCHANGE',
  ],
])('a file that is not of this network and format is refused whole: %.30s', async (text, wanted) => {
  writeFileSync(at('bad.json'), text);
  const { code, out } = await run('import', 'bad.json', '--init', '--network', network, '--data-dir', 'b');
  expect(told(out)).toMatchObject({ error: { code: wanted } });
  expect(code).toBe(2);
  expect(told((await run('check', '--data-dir', 'b')).out)).toMatchObject({ keys: 0 });
});

test('a damaged store is told, and nothing is done with it', async () => {
  await run('import', 'history.json', '--init', '--network', network, '--data-dir', 'd');
  const path = at('d/protection.sqlite');
  writeFileSync(path, Buffer.concat([Buffer.from('not a database'), readFileSync(path).subarray(14, 5000)]));
  const { code, out } = await run('check', '--data-dir', 'd');
  expect(told(out)).toMatchObject({ error: { code: 'PROTECTION_CORRUPT' } });
  expect(code).toBe(4);
});
