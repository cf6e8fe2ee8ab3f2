import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkDeps } from '../check-deps.ts';

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true });
});

/** A small house: units, beacon on it, contracts beside; `files` are added to it. */
function house(files: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-house-'));
  made.push(root);
  const manifest = (name: string, dependencies: Record<string, string>) =>
    JSON.stringify({ name: `@holdfast/${name}`, exports: { '.': './src/index.ts' }, dependencies });
  const all: Record<string, string> = {
    'package.json': JSON.stringify({
      name: 'house',
      workspaces: ['packages/*', 'contracts'],
      devDependencies: { vitest: '5.1.1' },
    }),
    'docs/dependencies.md': '| `vitest` | a |\n| `viem` | b |\n',
    'contracts/package.json': manifest('contracts', {}),
    'packages/units/package.json': manifest('units', {}),
    'packages/units/src/index.ts': "export * from './hex.ts';\n",
    'packages/units/src/hex.ts': 'export const one = 1;\n',
    'packages/beacon/package.json': manifest('beacon', { '@holdfast/units': '0.1.0', viem: '2.57.0' }),
    'packages/beacon/src/index.ts':
      "import { one } from '@holdfast/units';\nimport { readFile } from 'node:fs';\nimport 'viem';\nexport { one, readFile };\n",
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('checkDeps', () => {
  it('finds nothing in a house in order', () => {
    expect(checkDeps(house())).toEqual([]);
  });

  it('catches an import that runs up the floors, a type and a dynamic import alike', () => {
    const problems = checkDeps(
      house({
        'packages/units/src/up.ts': "import type { A } from '@holdfast/beacon';\nexport type B = A;\n",
        'packages/units/src/late.ts': "export const late = () => import('@holdfast/beacon');\n",
      }),
    );
    const upward = problems.filter((problem) => problem.includes('not on a floor below packages/units'));
    expect(upward.map((problem) => problem.split(':')[0])).toEqual([
      'packages/units/src/late.ts',
      'packages/units/src/up.ts',
    ]);
    expect(problems).toContainEqual('packages in a circle: @holdfast/beacon → @holdfast/units → @holdfast/beacon');
  });

  it('reports the circle that files of one package make', () => {
    const problems = checkDeps(
      house({
        'packages/units/src/a.ts': "import { b } from './b.ts';\nexport const a = b;\n",
        'packages/units/src/b.ts': "import { c } from './c.ts';\nexport const b = c;\n",
        'packages/units/src/c.ts': "export { a as c } from './a.ts';\n",
      }),
    );
    expect(problems).toEqual([
      'files in a circle: packages/units/src/a.ts → packages/units/src/b.ts → packages/units/src/c.ts → packages/units/src/a.ts',
    ]);
  });

  it('refuses a way past an entry, by name or by path', () => {
    const problems = checkDeps(
      house({
        'packages/beacon/src/deep.ts':
          "import '@holdfast/units/src/hex.ts';\nimport { one } from '../../units/src/hex.ts';\nexport { one };\n",
      }),
    );
    expect(problems).toEqual([
      "packages/beacon/src/deep.ts: imports '@holdfast/units/src/hex.ts': past the entry of @holdfast/units",
      expect.stringContaining("imports '../../units/src/hex.ts', outside of its package"),
    ]);
  });

  it('wants dependencies declared, pinned, alike and justified', () => {
    const problems = checkDeps(
      house({
        'contracts/package.json': JSON.stringify({
          name: '@holdfast/contracts',
          dependencies: { viem: '2.58.0', solc: '^0.8.37' },
        }),
        'packages/units/src/x.ts': "import 'viem';\nimport 'fs';\nimport './gone.ts';\n",
      }),
    );
    expect(problems).toEqual([
      "packages/units/src/x.ts: imports 'viem', which packages/units/package.json does not declare",
      "packages/units/src/x.ts: imports 'fs'; write 'node:fs'",
      "packages/units/src/x.ts: imports './gone.ts', but there is no packages/units/src/gone.ts",
      'contracts/package.json: solc@^0.8.37 is not an exact pin',
      'packages/beacon/package.json: viem@2.57.0, but 2.58.0 elsewhere',
      'docs/dependencies.md does not list solc',
    ]);
  });

  it('lets tests, and only tests, use what other workspaces pin', () => {
    const text = "import 'viem';\nimport { it } from 'vitest';\nit('x', () => {});\n";
    expect(checkDeps(house({ 'packages/units/test/a.test.ts': text }))).toEqual([]);
    expect(checkDeps(house({ 'packages/units/src/a.ts': text }))).toHaveLength(2);
  });
});
