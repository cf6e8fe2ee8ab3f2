import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER, recordOf, STATUS } from '../support/pool-acts.ts';
import { COMPILING, ETH, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
const NO_SIGNATURE = `0x${'00'.repeat(96)}` as const;
let world: World;
let acts: Acts;

beforeAll(() => poolCode(), COMPILING);
beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 200n);
});

const turns = async () => [
  await world.read<number>(world.pool.ledger, 'fundCursor'),
  await world.read<number>(world.pool.ledger, 'exitCursor'),
];
const advance = (most: number) => world.send(KEEPER, world.pool.ledger, 'advanceTurns', [most]);
const ask = (ordinal: number) => world.refusal(KEEPER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)]);

/** A key whose first deposit named the operator's own credentials: the pool's proof rejects it, and the bond is free. */
async function rejected(operator: { id: number; manager: `0x${string}` }): Promise<number> {
  const pubkey = `0x${Buffer.from(world.random.bytes(48)).toString('hex')}` as const;
  const credentials = `0x01${'00'.repeat(11)}${'77'.repeat(20)}` as const;
  world.beacon.deposit({ pubkey, credentials, amount: 1e9, signature: NO_SIGNATURE });
  await world.slot();
  const ordinal = await acts.predeposit(operator, pubkey);
  await acts.proveCredentials(ordinal);
  expect((await recordOf(world, ordinal)).status).toBe(STATUS.Rejected);
  return ordinal;
}

describe('turns, wedged', () => {
  it('any number of rejected keys is passed in steps, and those who wait keep their turn', async () => {
    const operator = await acts.operator(MANAGER);
    for (let n = 0; n < 3; n += 1) await rejected(operator);
    const waiting = await acts.predeposit(operator);
    const behind = await acts.predeposit(operator);
    await advance(2);
    expect(await turns()).toEqual([3, 3]);
    await advance(10);
    // The fourth is not proven yet and keeps its turn to be funded; nobody is there yet to exit.
    expect(await turns()).toEqual([waiting, behind + 1]);
    await acts.proveCredentials(waiting);
    await acts.proveCredentials(behind);
    await advance(10);
    expect((await turns())[0]).toBe(waiting);
    expect(await world.refusal(KEEPER, world.pool.ledger, 'fund', acts.fundArgs(behind))).toBe('NotItsTurn');
    await acts.fund(waiting);
    await acts.fund(behind);
  });

  it('validators that left by themselves do not lie in the way out for ever', async () => {
    const operator = await acts.operator(MANAGER, 60n);
    const [first, second] = [await acts.active(operator), await acts.active(operator)];
    await world.send(MANAGER, world.pool.ledger, 'requestExit', [first, acts.key(first)]);
    await advance(10);
    expect((await turns())[1]).toBe(second);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [200n * ETH, ALICE]);
    expect(await ask(second)).toBe('');
  });

  it('what a slashed validator will bring after weeks does not keep others from leaving for the queue', async () => {
    const [bad, good] = [await acts.operator(MANAGER, 60n), await acts.operator(account(21), 60n)];
    const slashed = await acts.active(bad);
    const healthy = await acts.active(good);
    await acts.checkpoint();
    await world.send(MANAGER, world.pool.ledger, 'requestExit', [slashed, acts.key(slashed)]);
    // 32 ETH more than the cash at hand: one exit's worth.
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [165n * ETH, ALICE]);
    expect(await ask(healthy)).toBe('ExitNotCalledFor');
    world.beacon.slash(acts.index(slashed));
    await world.slot();
    await acts.proveSlashing(slashed);
    expect(await ask(healthy)).toBe('');
  });
});

describe('a validator that went bad, or went', () => {
  it('slashed between its proof and its funding, it never gets the pool’s money', async () => {
    const ordinal = await acts.predeposit(await acts.operator(MANAGER));
    await acts.proveCredentials(ordinal);
    await world.begin();
    const again = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    await world.slot();
    expect(await world.refusal(KEEPER, world.pool.ledger, 'proveCredentials', again)).toBe('StatusWrong');
    world.beacon.slash(acts.index(ordinal));
    await world.slot();
    await acts.proveCredentials(ordinal);
    expect((await recordOf(world, ordinal)).status).toBe(STATUS.Rejected);
    expect(await world.refusal(KEEPER, world.pool.ledger, 'fund', acts.fundArgs(ordinal))).toBe('StatusWrong');
  });

  it('an older state that shows an empty balance does not retire what a checkpoint has counted since', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER));
    const index = acts.index(ordinal);
    await acts.checkpoint();
    world.beacon.exit(index);
    await world.slot();
    await acts.proveExit(ordinal);
    await world.until(() => world.beacon.balances[index] === 0);
    await world.slot();
    await world.begin();
    const empty = await acts.proveWithdrawnArgs(ordinal);
    await world.slot();
    // Somebody's ether lands on it, a checkpoint counts it, and the next one would miss it again.
    world.beacon.setBalance(index, 5e9);
    await world.slot();
    await acts.checkpoint();
    expect(await world.refusal(MANAGER, world.pool.ledger, 'proveWithdrawn', empty)).toBe('NotYetOnBeaconChain');
  });
});
