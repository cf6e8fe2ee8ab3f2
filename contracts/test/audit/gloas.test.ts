import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER, recordOf } from '../support/pool-acts.ts';
import { COMPILING, codeOf, contractsDir, type PoolCode, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const BALANCES_DEPTH = 38;
let code: PoolCode;
let world: World;
let acts: Acts;

/** Layouts that become Gloas' (`progressive`) when told to: the states stay Fulu's, the rules under test change. */
async function flippableLayouts(): Promise<PoolCode> {
  const unit = 'src/beacon/ForkLayouts.sol';
  const source = await readFile(join(contractsDir, unit), 'utf8');
  const slot = '    Layout private _newest;';
  const flipped = source.replace(slot, `${slot}\n    function flip() external { _newest.progressive = true; }`);
  return codeOf(['ForkLayouts'], { fast: true, sources: { [unit]: flipped } });
}

beforeAll(async () => {
  code = { ...(await poolCode()), ...(await flippableLayouts()) };
}, COMPILING);
beforeEach(async () => {
  world = await World.start({ code });
  acts = new Acts(world);
  await acts.deposit(account(10), 100n);
});

const flip = () => world.send(KEEPER, world.pool.layouts, 'flip');
const hash = (left: Hex, right: Hex): Hex =>
  toHex(createHash('sha256').update(fromHex(left)).update(fromHex(right)).digest());

/** Opens the balances at the root of their data, as a progressive list is opened. */
async function openArgs(): Promise<readonly unknown[]> {
  const block = await acts.frozenBlock();
  const [proof, opening] = acts.openArgs(block) as [unknown, { top: Hex; length: bigint; branch: Hex[] }];
  let { top } = opening;
  let zero: Hex = `0x${'00'.repeat(32)}`;
  const depth = Math.ceil(Math.log2(Math.ceil(block.balances.length / 4)));
  for (let level = 0; level < BALANCES_DEPTH; level += 1) {
    if (level >= depth) top = hash(top, zero);
    zero = hash(zero, zero);
  }
  return [proof, { ...opening, top }];
}

describe('the frozen moment from Gloas on', () => {
  it('is not one whose payload was withheld: its withdrawals have left the state and not reached the Vault', async () => {
    await flip();
    world.beacon.advance(world.beacon.slot + 1);
    world.beacon.seal([]); // a beacon block, and no execution block with its timestamp
    await acts.start();
    const { ledger } = world.pool;
    expect(await world.refusal(KEEPER, ledger, 'openCheckpoint', await openArgs())).toBe('RootUnknown');
    await world.slots(100);
    await acts.start();
    await world.send(KEEPER, ledger, 'openCheckpoint', await openArgs());
    await world.slot();
    await acts.finish();
  });

  it('holds no deposit of its own slot: it cannot be shown as landed', async () => {
    const operator = await acts.operator(account(20));
    const ordinal = await acts.predeposit(operator);
    await acts.proveCredentials(ordinal);
    await flip();
    await acts.fund(ordinal);
    await acts.start();
    await world.send(KEEPER, world.pool.ledger, 'openCheckpoint', await openArgs());
    const { depositSlot, index } = await recordOf(world, ordinal);
    const block = await acts.frozenBlock();
    expect(depositSlot).toBe(block.slot);
    const proof = world.validatorProof(index, { timestamp: 0, block });
    const run = world.pendingRun(0, block.pending.length, block);
    const { ledger } = world.pool;
    expect(await world.refusal(KEEPER, ledger, 'resolveLanded', [ordinal, proof, run])).toBe('DepositOther');
  });
});
