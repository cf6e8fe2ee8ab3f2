import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discover } from '../src/discover.ts';
import { isMet, isPicked } from '../src/row.ts';
import { tableOf } from '../src/table.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function bench(dir: string, ...args: string[]) {
  const main = join(import.meta.dirname, '..', 'src', 'main.ts');
  return spawnSync(process.execPath, [main, '--dir', dir, ...args], { encoding: 'utf8' });
}

describe('npm run bench', () => {
  it('runs every bench, shows what is met and what is missed, and exits 0', () => {
    const json = join(scratch, 'rows.json');
    const { status, stdout, stderr } = bench(join(FIXTURES, 'good'), '--json', json);
    expect(stdout).toMatch(/^gas\.deposit\s+74,000\s+gas\s+≤ 75,000\s+met\s+other 83,160\s+0\.89$/m);
    expect(stdout).toMatch(/^gas\.claim\s+50,001\s+gas\s+≤ 50,000\s+MISSED$/m);
    expect(stdout).toMatch(/^speed\.probe\s+7\s+slots\/s\s+≥ 5\s+met$/m);
    expect(stdout).toContain('2 of 3 targets met, 1 MISSED');
    expect(stdout).not.toContain('measuring');
    expect(stderr).toContain('measuring gas');
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(json, 'utf8'))[0]).toEqual({
      name: 'gas.deposit',
      value: 74_000,
      unit: 'gas',
      target: 75_000,
      better: 'lower',
      baseline: { name: 'other', value: 83_160 },
    });
  });

  it('leaves out, unrun, a bench whose names no filter picks', () => {
    const { stdout, stderr } = bench(join(FIXTURES, 'good'), 'speed');
    expect(stderr).not.toContain('measuring gas');
    expect(stdout).not.toContain('gas.');
    expect(stdout).toContain('speed.probe');
  });

  it('shows only the picked rows of a bench', () => {
    const { stdout } = bench(join(FIXTURES, 'good'), 'gas.claim');
    expect(stdout).toContain('gas.claim');
    expect(stdout).not.toContain('gas.deposit');
  });

  it.each([
    ['crash', [], /no figures today[\s\S]*bench crash: ended with code 1/],
    ['liar', [], /bench liar: announces a\.two but did not give it/],
    ['odd', [], /bench odd: a\.one: value is NaN|bench odd: a\.one: value is null/],
    ['good', ['nothing.like.it'], /no bench gives a row named nothing\.like\.it/],
  ])('exits 1 for %s %j', (dir, args, message) => {
    const { status, stderr } = bench(join(FIXTURES, dir), ...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  });

  it('saves a snapshot without a date, the same twice', () => {
    const dir = join(scratch, 'src');
    cpSync(join(FIXTURES, 'good', 'gas.bench.ts'), join(dir, 'gas.bench.ts'));
    const read = () => {
      expect(bench(dir, '--save').status).toBe(0);
      return readFileSync(join(scratch, 'snapshots', 'gas.snap.json'), 'utf8');
    };
    const first = read();
    expect(JSON.parse(first)).toMatchObject({
      machine: { node: process.version },
      rows: [{ name: 'gas.deposit' }, {}],
    });
    expect(read()).toBe(first);
  });
});

describe('discover', () => {
  it('wants names and env as literals', () => {
    const dir = mkdtempSync(join(scratch, 'odd-'));
    writeFileSync(join(dir, 'a.bench.ts'), 'export const names = rows.map((row) => row.name);\n');
    expect(() => discover(dir)).toThrow('a.bench.ts: names must be a literal list of strings');
    writeFileSync(join(dir, 'a.bench.ts'), 'export const env = { A: preset };\n');
    expect(() => discover(dir)).toThrow('a.bench.ts: env must be a literal object of strings');
    writeFileSync(
      join(dir, 'a.bench.ts'),
      "export const names: readonly string[] = [\n  'a.b',\n  \"a.c\",\n];\nexport const env: Env = {\n  A: '1',\n};\n",
    );
    expect(discover(dir)[0]).toMatchObject({ name: 'a', names: ['a.b', 'a.c'], env: { A: '1' } });
  });
});

describe('rows', () => {
  const row = { name: 'a.b', value: 5, unit: 's', target: 5, better: 'lower' } as const;

  it('meets a target by equalling it, either way', () => {
    expect(isMet(row)).toBe(true);
    expect(isMet({ ...row, better: 'higher' })).toBe(true);
    expect(isMet({ ...row, value: 5.01 })).toBe(false);
    expect(isMet({ ...row, value: 4.99, better: 'higher' })).toBe(false);
  });

  it('is picked by a prefix', () => {
    expect(isPicked('gas.deposit', [])).toBe(true);
    expect(isPicked('gas.deposit', ['proof', 'gas'])).toBe(true);
    expect(isPicked('gas.deposit', ['deposit'])).toBe(false);
  });

  it('shows small figures with three digits', () => {
    expect(tableOf([{ ...row, value: 0.123456 }])).toContain('0.123');
    expect(tableOf([{ ...row, value: 12_345.6 }])).toContain('12,346');
  });
});
