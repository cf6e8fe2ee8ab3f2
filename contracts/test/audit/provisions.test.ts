import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Acts, KEEPER, slashingOf } from '../support/pool-acts.ts';
import { COMPILING, codeOf, contractsDir, type PoolCode, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const MANAGER = account(20);
let code: PoolCode;

/** The enforcer, raising one provision at once instead of sixty-four: what lies beyond is reached with two slashings. */
beforeAll(async () => {
  const unit = 'src/economics/SlashingEnforcer.sol';
  const source = await readFile(join(contractsDir, unit), 'utf8');
  const narrow = source.replace('RAISED_AT_ONCE = 64', 'RAISED_AT_ONCE = 1');
  expect(narrow).not.toBe(source);
  const enforcer = await codeOf(['SlashingEnforcer'], { fast: true, sources: { [unit]: narrow } });
  code = { ...(await poolCode()), ...enforcer };
}, COMPILING);

it('a slashing beyond those that one more raises by itself is raised by anybody, once', async () => {
  const world = await World.start({ code });
  const acts = new Acts(world);
  await acts.deposit(account(10), 200n);
  const operator = await acts.operator(MANAGER, 6n); // too little: what it cannot cover, the rate must show
  const [first, second] = [await acts.active(operator), await acts.active(operator)];
  await acts.checkpoint();
  for (const ordinal of [first, second]) world.beacon.slash(acts.index(ordinal));
  await world.slot();
  await acts.proveSlashing(first);
  const alone = await slashingOf(world, first);
  await acts.proveSlashing(second);
  expect(await slashingOf(world, first)).toEqual(alone);
  const before = await acts.rate();
  const { enforcer } = world.pool;
  await world.send(KEEPER, enforcer, 'raiseProvisions', [operator.id, 0n, 2n ** 256n - 1n]);
  const raised = await slashingOf(world, first);
  expect(raised.expectedGwei).toBe((await slashingOf(world, second)).expectedGwei);
  expect(raised.expectedGwei).toBeGreaterThan(alone.expectedGwei);
  const after = await acts.rate();
  expect(after).toBeLessThan(before);
  await world.send(KEEPER, enforcer, 'raiseProvisions', [operator.id, 0n, 10n]);
  expect(await acts.rate()).toBe(after);
});
