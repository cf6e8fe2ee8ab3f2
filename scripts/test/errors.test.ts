import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkErrors } from '../errors.ts';
import { solidityErrorsOf } from '../lib/sol-errors.ts';
import { codedErrorsOf } from '../lib/ts-errors.ts';

it('reads a class by its docstring', () => {
  const source = `
/** Another class, not an error. */
export class Other { constructor() { super('NOT_ONE'); } }
/**
 * A node lied.
 * Ask another.
 *
 * @example
 */
export class LieError extends BeaconError {
  constructor(details: ErrorDetails) {
    super('A_LIE', \`it \${x}\`, details);
  }
}`;
  expect(codedErrorsOf('a.ts', source)).toEqual([
    { code: 'A_LIE', path: 'a.ts', meaning: 'A node lied. Ask another.' },
  ]);
});

it('reads a throw by its message and its fix, examples in comments left out', () => {
  const source = `
/** @example throw new HoldfastError('EXAMPLE', 'no') */
throw new HoldfastError('BAD', \`the \${kind(a)} is bad\`, { data: { a: f(1) }, fix: 'It\\'s "better" so' });`;
  expect(codedErrorsOf('a.ts', source)).toEqual([
    { code: 'BAD', path: 'a.ts', meaning: 'the … is bad. It\'s "better" so' },
  ]);
});

it('reads custom errors with either form of NatSpec', () => {
  const source = `
    /// @notice Why: too low. How to fix:
    /// send more.
    /// @param asked What was asked.
    error TooLow(uint256 asked,
      uint256 least);
    /** @dev Never seen. */
    error Odd();
    error Bare();
`;
  expect(solidityErrorsOf('a.sol', source)).toEqual([
    { signature: 'TooLow(uint256 asked, uint256 least)', path: 'a.sol', why: 'Too low.', fix: 'Send more.' },
    { signature: 'Odd()', path: 'a.sol', why: 'Never seen.', fix: '' },
    { signature: 'Bare()', path: 'a.sol', why: '', fix: '' },
  ]);
});

it('names what the page lacks and what explains nothing', () => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-errors-'));
  try {
    mkdirSync(join(root, 'packages/a/src'), { recursive: true });
    writeFileSync(join(root, 'packages/a/src/a.ts'), "throw new HoldfastError('A_BAD', message);\n");
    const problems = checkErrors(root);
    expect(problems[0]).toBe('packages/a/src/a.ts: A_BAD has neither docstring nor literal message');
    expect(problems[1]).toMatch(/^docs\/errors\.md lacks: \| `A_BAD` \|/);
  } finally {
    rmSync(root, { recursive: true });
  }
});
