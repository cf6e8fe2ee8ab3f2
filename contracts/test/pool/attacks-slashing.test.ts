import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER, navOf, recordOf, STATUS, slashingOf } from '../support/pool-acts.ts';
import { COMPILING, ETH, GWEI, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
const ATTACKER = account(30);
beforeAll(() => poolCode(), COMPILING);

let world: World;
let acts: Acts;

beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 200n);
});

/** Slashes a pool validator and lets a block show it. */
async function slash(ordinal: number): Promise<void> {
  world.beacon.slash(acts.index(ordinal));
  await world.slot();
}

describe('slashing, attacked', () => {
  it('cannot be dodged by being taken for a plain exit', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER));
    await slash(ordinal);
    await acts.proveExit(ordinal); // true: it is exiting. Nobody has shown yet why.
    await world.until(() => acts.payout(ordinal) !== undefined);
    await acts.checkpoint();
    await world.begin();
    const args = await acts.proveWithdrawnArgs(ordinal);
    await world.slot();
    expect(await world.refusal(MANAGER, world.pool.ledger, 'proveWithdrawn', args)).toBe('NotYetOnBeaconChain');
    await acts.proveSlashing(ordinal);
    await acts.proveReference(ordinal, acts.lastUnslashed(ordinal));
    await acts.proveRecovery(ordinal);
    await world.slots(12);
    const settled = (await world.send(KEEPER, world.pool.enforcer, 'settle', [ordinal])).events.find(
      ({ name }) => name === 'SlashingSettled',
    )!;
    expect(settled.args.paid as bigint).toBeGreaterThan(0n);
  });

  it('an old state in which the validator was worth little does not push the rate down', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER));
    await acts.checkpoint();
    await slash(ordinal);
    await acts.proveSlashing(ordinal);
    await acts.checkpoint();
    const rate = await acts.rate();
    // Before the pool's deposit landed the validator held its operator's 1 ETH.
    const index = acts.index(ordinal);
    const poor = world.beacon.blocks.find((block) => block.balances[index] === 1e9)!;
    await world.begin();
    await world.queue(ATTACKER, world.pool.enforcer, 'proveReference', acts.referenceArgs(ordinal, poor));
    await world.slot();
    await acts.checkpoint();
    const fall = rate - (await acts.rate());
    // What has been lost by now, and nothing of the principal.
    expect(fall).toBeLessThan(ETH / 1000n);
  });

  it('a deposit that landed before the fault is not counted twice when it is shown after it', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER, 60n)); // no checkpoint since the funding
    await slash(ordinal);
    await acts.proveSlashing(ordinal);
    const reference = acts.lastUnslashed(ordinal);
    await acts.proveReference(ordinal, reference);
    await acts.checkpoint();
    const { referenceGwei, landedGwei } = await slashingOf(world, ordinal);
    expect(referenceGwei + landedGwei).toBe(reference.balances[acts.index(ordinal)]);
  });

  it('... nor lost when the reference comes later, or never', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER, 60n));
    await slash(ordinal);
    await acts.proveSlashing(ordinal);
    await acts.checkpoint();
    const early = await slashingOf(world, ordinal);
    expect(early.referenceGwei + early.landedGwei).toBe(32e9);
    const reference = acts.lastUnslashed(ordinal);
    await acts.proveReference(ordinal, reference);
    const { referenceGwei, landedGwei } = await slashingOf(world, ordinal);
    expect(referenceGwei + landedGwei).toBe(reference.balances[acts.index(ordinal)]);
  });

  it('a consolidation into a validator that is slashed meanwhile is not taken for a loss', async () => {
    const operator = await acts.operator(MANAGER, 60n);
    const [target, source] = [await acts.active(operator), await acts.active(operator)];
    await acts.checkpoint();
    const rate = await acts.rate();
    const args = [source, acts.key(source), target, acts.key(target)];
    await world.send(MANAGER, world.pool.ledger, 'requestConsolidation', args);
    await slash(target);
    await acts.proveSlashing(target);
    await world.until(() => world.beacon.balances[acts.index(source)]! < 1e9);
    await world.slot();
    const nav = navOf(await acts.checkpoint());
    expect(nav).toBeGreaterThan(200n * ETH);
    expect(await acts.rate()).toBeGreaterThan((rate * 99n) / 100n);
  });

  it('... nor does it hide the loss from the bond: the expected loss stands when more comes back than there was', async () => {
    const operator = await acts.operator(MANAGER, 60n);
    const [target, source] = [await acts.active(operator), await acts.active(operator)];
    await acts.checkpoint();
    const args = [source, acts.key(source), target, acts.key(target)];
    await world.send(MANAGER, world.pool.ledger, 'requestConsolidation', args);
    await slash(target);
    await acts.proveSlashing(target);
    const { expectedGwei } = await slashingOf(world, target);
    await world.until(() => acts.payout(target) !== undefined);
    await world.slot();
    await acts.proveRecovery(target);
    const { recoveredGwei, referenceGwei } = await slashingOf(world, target);
    expect(recoveredGwei).toBeGreaterThan(referenceGwei);
    await acts.checkpoint();
    await world.slots(12);
    const settled = (await world.send(KEEPER, world.pool.enforcer, 'settle', [target])).events.find(
      ({ name }) => name === 'SlashingSettled',
    )!;
    expect(settled.args.lossGwei).toBe(BigInt(expectedGwei));
    expect(settled.args.paid).toBe(BigInt(expectedGwei) * 10n ** 9n);
  });

  it('a frozen operator gets no stake, no fee, no bond, and comes back to none after settlement', async () => {
    const operator = await acts.operator(MANAGER, 60n);
    const bad = await acts.active(operator);
    const idle = await acts.predeposit(operator);
    await acts.proveCredentials(idle);
    await acts.checkpoint();
    await slash(bad);
    await acts.proveSlashing(bad);
    const { ledger, registry, bonds } = world.pool;
    expect(await world.refusal(KEEPER, ledger, 'fund', acts.fundArgs(idle))).toBe('OperatorMayNotStake');
    expect(await world.refusal(MANAGER, registry, 'claimFees', [operator.id, MANAGER])).toBe('OperatorFrozenOrBarred');
    expect(await world.refusal(MANAGER, bonds, 'take', [operator.id, 1n, MANAGER])).toBe('BondLiable');
    const key: `0x${string}` = `0x${'77'.repeat(48)}`;
    expect(await world.refusal(MANAGER, ledger, 'predeposit', acts.predepositArgs(operator, key), ETH)).toBe(
      'OperatorFrozenOrBarred',
    );
    await world.until(() => acts.payout(bad) !== undefined);
    await world.slot();
    await acts.proveRecovery(bad);
    await acts.checkpoint();
    await world.slots(12);
    await world.send(KEEPER, world.pool.enforcer, 'settle', [bad]);
    expect((await recordOf(world, bad)).status).toBe(STATUS.Withdrawn);
    expect(await world.refusal(KEEPER, ledger, 'fund', acts.fundArgs(idle))).toBe('OperatorMayNotStake');
    expect(await world.refusal(MANAGER, registry, 'claimFees', [operator.id, MANAGER])).toBe('');
    expect(await world.refusal(MANAGER, ledger, 'predeposit', acts.predepositArgs(operator, key), ETH)).toBe(
      'OperatorFrozenOrBarred',
    );
    expect(await world.refusal(MANAGER, bonds, 'take', [operator.id, GWEI, MANAGER])).toBe('');
  });
});
