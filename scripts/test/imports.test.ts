import { describe, expect, it } from 'vitest';
import { importsOf, packageOf } from '../lib/imports.ts';

describe('importsOf', () => {
  it.each([
    ["import a from 'x';", ['x']],
    ["import a, { type B as C } from 'x';", ['x']],
    ['import * as all from "x";\nexport * from \'y\';', ['x', 'y']],
    ["import type {\n  A,\n  B,\n} from 'x';", ['x']],
    ["import 'x';", ['x']],
    ["const a = await import('x');\nlet b: typeof import('y');", ['x', 'y']],
    ["createRequire(import.meta.url)('z'); require.resolve('x'); require('y')", ['x', 'y']],
    ["export const from = 'x';\nexport default 'y';", []],
    ["// import 'x';\n/* import 'y'; */\n/**\n import 'z';\n*/", []],
    [`const sol = \`\nimport 'x';\n\${one(\`import 'y'\`)}\n\`;\nimport 'z';`, ['z']],
    ["const re = /['\"`]/g;\nimport 'x';", ['x']],
    ["const half = a / b; const c = `/`;\nimport 'x';", ['x']],
    ["const t = <p>don't</p>;\nimport 'x';", ['x']],
    ["const u = 'http://a'; import 'x';", ['x']],
    [`run('keys', 'import', 'x')`, []],
  ])('%j', (source, expected) => expect(importsOf(source)).toEqual(expected));
});

describe('packageOf', () => {
  it.each([
    ['viem/chains', 'viem'],
    ['@a/b/c/d', '@a/b'],
    ['react', 'react'],
  ])('%s → %s', (specifier, name) => expect(packageOf(specifier)).toBe(name));
});
