import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterLock } from '@holdfast/keys';
import { expect } from 'vitest';
import { freePorts } from '../../../src/net/ports.ts';
import { command, joins, OPERATORS } from '../cluster.ts';
import { DEEP, type Life, TRAITOR } from './Life.ts';
import { historyIn, meshed, until } from './NodeRun.ts';

const STAY = [1, 2, 3];
/** Whoever is not there is waited for in each round. */
const QUICK = ['--patience-seconds', '3', '--round-seconds', '2'];

/**
 * Operator 5 comes for operator 4, the traitor. By the guide: the old nodes stop, then all deal. The traitor takes part,
 * and has kept its share; in the long form it stays away.
 */
export async function redeal(life: Life): Promise<void> {
  const next = life.at('next.json');
  const lockFile = join(life.directory(1), 'lock.json');
  const made = await command(life.cwd, [
    'cluster',
    'reshare',
    lockFile,
    '--out',
    next,
    '--replace',
    `4=${OPERATORS[4]}`,
  ]);
  expect(made.code).toBe(0);
  const [port] = await freePorts(1);
  for (const op of STAY) await joins(life.cwd, next, op, life.directory(op));
  await joins(life.cwd, next, 5, life.at('next-5'), port);
  for (const op of STAY) await joins(life.cwd, next, op, life.directory(op));
  // From a node that still runs nothing is re-dealt.
  const early = await command(life.cwd, ['dkg', next, '--data-dir', life.at('early'), '--previous', life.directory(1)]);
  expect(early.json).toMatchObject({ error: { code: 'SIGNER_OWNED' } });

  const pause = { from: life.chain.slotNow, to: Infinity };
  life.pauses.push(pause);
  const kept = life.at('kept');
  if (!DEEP) {
    await life.traitor!.stop();
    cpSync(life.directory(TRAITOR), kept, { recursive: true });
  }
  const stopped = await Promise.all(life.nodes.slice(0, 3).map((node) => node.stop()));
  for (const { code, err } of stopped) expect({ code, err }).toMatchObject({ code: 0 });
  const ended = await life.ceremony([
    ...STAY.map((op) => [next, '--data-dir', life.at(`next-${op}`), '--previous', life.directory(op), ...QUICK]),
    [next, '--data-dir', life.at('next-5'), '--previous-lock', lockFile, ...QUICK],
    ...(DEEP ? [] : [[next, '--data-dir', life.at('next-4'), '--previous', life.directory(TRAITOR), ...QUICK]]),
  ]);
  for (const { code, err } of ended) expect({ code, err }).toMatchObject({ code: 0 });
  for (const op of STAY) expect(existsSync(join(life.directory(op), 'KILLED'))).toBe(true);
  const after = life.read<ClusterLock>(life.at('next-5/lock.json'));
  expect(after.validators.map(({ pubkey }) => pubkey)).toEqual(life.pubkeys);
  for (const op of STAY) {
    life.legacies.push({ directory: life.directory(op), history: await historyIn(life.directory(op)) });
  }
  expect(existsSync(life.at('next-4/lock.json'))).toBe(false);
  life.heirs = [...STAY, 5].map((op, i) => life.run(i + 1, life.at(`next-${op}`)));
  const betrayed = DEEP ? Promise.resolve() : life.betray(kept);
  pause.to = await takeOver(life, pause.from);
  await life.voting(pause.to);
  // The traitor runs all the while, with its old share: there is nobody for it.
  await betrayed;
  expect(life.traitor!.digest?.reached).toBe(0);
}

/** The new nodes wait until nothing of the old shares can be contradicted. Returns the slot of their first vote. */
async function takeOver({ heirs, chain }: Life, stoppedAt: number): Promise<number> {
  await Promise.all(heirs.map((node) => node.start()));
  const told = await Promise.all(heirs.map((node) => node.line('history.waiting')));
  const since = Math.min(...told.map(({ sinceEpoch }) => Number(sinceEpoch)));
  await meshed(heirs);
  const votes = () => chain.witness.votes.filter(({ slot }) => slot > stoppedAt + 1);
  await until(() => votes().length > 0, 'they vote again', 40_000);
  const first = votes()[0]!;
  for (const { source, target } of votes()) {
    expect(source).toBeGreaterThanOrEqual(since);
    expect(target).toBeGreaterThan(since + 1);
  }
  console.log(`re-dealt: silent from slot ${stoppedAt} to ${first.slot}; the line was drawn in epoch ${since}`);
  return first.slot;
}
