import { afterAll, expect, test } from 'vitest';
import { holdfast, killAll } from './support/cli.ts';

afterAll(killAll);

test('a true machine holds: exit 0, and the same fingerprint for the same seeds', async () => {
  const args = ['sim', 'consensus', '--seed', '9', '--runs', '30'];
  const [first, again] = await Promise.all([holdfast(args), holdfast([...args, '--json'])]);
  expect({ code: first.code, out: first.out }).toEqual({ code: 0, out: expect.stringContaining('HOLDS') });
  const sum = JSON.parse(again.out) as Record<string, number>;
  expect(sum).toMatchObject({ firstSeed: 9, runs: 30, failed: 0, failures: [] });
  expect(first.out).toContain(sum.fingerprint!.toString(16).padStart(8, '0'));
});

test('a broken one is caught: exit 1, and a command that plays the failing schedule again', async () => {
  const args = ['sim', 'consensus', '--runs', '40', '--nodes', '4', '--mutant', 'persistSkipped'];
  const { code, out } = await holdfast([...args, '--json']);
  expect(code).toBe(1);
  const [failure] = (JSON.parse(out) as { failures: { seed: number; replay: string; violations: unknown[] }[] })
    .failures;
  const [program, ...replay] = failure!.replay.split(' ');
  expect(program).toBe('holdfast');
  const again = await holdfast([...replay, '--json']);
  expect(again.code).toBe(1);
  const { failures, trace } = JSON.parse(again.out) as { failures: unknown[]; trace: string[] };
  expect(failures).toEqual([failure]);
  expect(trace.some((line) => line.includes('crashes'))).toBe(true);
  const text = await holdfast(replay);
  expect(text.out).toContain(`BROKEN`);
  expect(text.out).toContain(failure!.replay);
});

test.each([
  [['--adversary', 'nobody'], "knows no 'nobody'"],
  [['--nodes', '4', '--adversary', 'twins,twins'], 'Give --nodes 7'],
  [['--mutant', 'nothing'], "knows no 'nothing'"],
  [['--runs', '0'], 'from 1 to'],
] as const)('%j is bad usage', async (args, message) => {
  const { code, out, err } = await holdfast(['sim', 'consensus', ...args]);
  expect(err).toContain(message);
  expect({ code, out }).toEqual({ code: 2, out: '' });
});
