import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { identifierOf } from '../../build/bindings.ts';
import { compile, SolidityError } from '../../src/index.ts';

const PRAGMA = '// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n';
const PROBE = `${PRAGMA}
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
contract Probe is ERC20 {
  error Refused(uint256 value);
  uint256 public immutable limit;
  constructor(uint256 limit_) ERC20("Probe", "P") { limit = limit_; }
  function take(uint256 value) external view returns (uint256) { if (value > limit) revert Refused(value); return value; }
}
`;

const cacheDir = mkdtempSync(join(tmpdir(), 'holdfast-solc-'));
afterAll(() => rmSync(cacheDir, { recursive: true }));

function compileProbe(text: string, options: { fast?: boolean } = {}) {
  return compile({ only: ['src/Probe.sol'], sources: { 'src/Probe.sol': text }, cacheDir, ...options });
}

describe('compile', () => {
  it('compiles a source that is only in memory, OpenZeppelin included', async () => {
    const { contracts } = await compileProbe(PROBE);
    const probe = contracts.Probe!;
    expect(probe.kind).toBe('contract');
    expect(probe.abi.some((item) => item.type === 'error' && item.name === 'Refused')).toBe(true);
    expect(probe.bytecode.length).toBeGreaterThan(probe.deployedBytecode.length);
    expect(probe.immutables.length).toBeGreaterThan(0);
    expect(probe.selectors['take(uint256)']).toMatch(/^[0-9a-f]{8}$/);
  });

  it('remembers by content: the same text is not compiled again, another is', async () => {
    await compileProbe(PROBE);
    expect((await compileProbe(PROBE)).compiled).toEqual([]);
    const mutant = PROBE.replace('value > limit', 'value >= limit');
    expect((await compileProbe(mutant, { fast: true })).compiled).toEqual(['src/Probe.sol']);
  });

  it('gives other bytes without the optimizer, the same bytes whatever a comment says', async () => {
    const release = (await compileProbe(PROBE)).contracts.Probe!.bytecode;
    expect((await compileProbe(PROBE, { fast: true })).contracts.Probe!.bytecode).not.toBe(release);
    expect((await compileProbe(`${PROBE}// a word more\n`)).contracts.Probe!.bytecode).toBe(release);
  });

  it('names file, line and column of an error', async () => {
    const broken = PROBE.replace('return value;', 'return valeu;');
    const failure = await compileProbe(broken).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SolidityError);
    expect((failure as SolidityError).diagnostics[0]).toMatch(
      /^src\/Probe\.sol:9:\d+: error 7576: Undeclared identifier/,
    );
  });

  it('refuses a warning in our own sources', async () => {
    const wasteful = PROBE.replace('return value;', 'uint256 unused; return value;');
    await expect(compileProbe(wasteful)).rejects.toThrow(/src\/Probe\.sol:9:\d+: warning 2072: Unused local variable/);
  });

  it('names a missing import and a missing contract', async () => {
    await expect(compileProbe(`${PRAGMA}import "./Gone.sol";\n`)).rejects.toThrow(/src\/Probe\.sol:3:1: .*Gone\.sol/);
    await expect(compile({ only: ['NoSuchContract'] })).rejects.toThrow(/NoSuchContract: no unit/);
  });

  it('falls back to the IR pipeline where the legacy one runs out of stack', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `v${index}`);
    const deep = `${PRAGMA}contract Deep {
      function sum(${names
        .slice(0, 10)
        .map((name) => `uint256 ${name}`)
        .join(', ')}) external pure returns (uint256) {
        ${names
          .slice(10)
          .map((name, index) => `uint256 ${name} = v${index} * 2;`)
          .join('\n')}
        return ${names.join(' + ')};
      }
    }`;
    const { contracts } = await compile({
      only: ['src/Deep.sol'],
      sources: { 'src/Deep.sol': deep },
      fast: true,
      cacheDir,
    });
    expect(contracts.Deep!.bytecode.length).toBeGreaterThan(2);
  });
});

describe('identifierOf', () => {
  it.each([
    ['Vault', 'vault'],
    ['IVault', 'iVault'],
    ['EIP7002Exits', 'eip7002Exits'],
    ['BLSKeys', 'blsKeys'],
    ['NAV', 'nav'],
  ])('%s → %s', (name, identifier) => expect(identifierOf(name)).toBe(identifier));
});
