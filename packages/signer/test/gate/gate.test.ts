import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SignerGate } from '../../src/gate/SignerGate.ts';
import { KillSwitch } from '../../src/kill/KillSwitch.ts';
import { Lease } from '../../src/owner/Lease.ts';
import { KEY, World } from '../doppelganger/support.ts';

let directory: string;
let lease: Lease;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-gate-'));
  lease = await Lease.take(directory, { purpose: 'test' });
});
afterEach(() => {
  lease.release();
  rmSync(directory, { recursive: true, force: true });
});

function codeOf(gate: SignerGate): string {
  try {
    gate.check(KEY);
    return 'open';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test('each of its parts closes it; the kill switch is told first', async () => {
  const kill = new KillSwitch({ directory });
  const world = new World(3_200);
  const doppelganger = world.watcher();
  const gate = new SignerGate({ kill, lease, doppelganger });
  expect(codeOf(gate)).toBe('SIGNER_DOPPELGANGER_WAIT');
  expect(codeOf(new SignerGate({ kill, lease }))).toBe('open');
  doppelganger.watch([KEY]);
  await world.run(doppelganger, 110);
  expect(codeOf(gate)).toBe('open');
  kill.kill({ by: 'test' });
  expect(codeOf(gate)).toBe('SIGNER_KILLED');
  kill.resume();
  gate.drain();
  expect(codeOf(gate)).toBe('SIGNER_DRAINING');
  rmSync(join(directory, 'owner.lock'));
  lease.beat();
  expect(codeOf(gate)).toBe('SIGNER_LEASE_LOST');
  kill.kill({ by: 'test' });
  expect(codeOf(gate)).toBe('SIGNER_KILLED');
});

test('asking costs microseconds', () => {
  const gate = new SignerGate({ kill: new KillSwitch({ directory }), lease });
  const began = performance.now();
  for (let i = 0; i < 20_000; i += 1) gate.check(KEY);
  const microseconds = ((performance.now() - began) * 1000) / 20_000;
  console.log(`gate check: ${microseconds.toFixed(2)} µs`);
  expect(microseconds).toBeLessThan(100);
});
