import { KEEPER, slashingOf } from './pool-acts.ts';
import { ETH, GWEI } from './pool-deploy.ts';
import { account } from './pool-evm.ts';
import {
  ALICE,
  active,
  check,
  funded,
  MANAGER,
  recovered,
  refuses,
  type Scenario,
  slashed,
  THIEF,
} from './pool-scenario-kit.ts';

/** From the fault to the bond. */
export const slashingScenarios: Readonly<Record<string, Scenario>> = {
  'an innocent validator is not slashed': async (world, acts) => {
    const { ordinal } = await active(acts);
    const args = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    await refuses(world, THIEF, world.pool.enforcer, 'proveSlashing', args, 0n, 'SlashingNotShown');
  },
  "another's slashing proves nothing": async (world, acts) => {
    const { ordinal } = await active(acts);
    world.beacon.slash(3);
    await world.slots(2);
    const args = [ordinal, world.stateProof(), world.validatorProof(3)];
    await refuses(world, THIEF, world.pool.enforcer, 'proveSlashing', args, 0n, 'SlashingOther');
  },
  'a slashing sets bond aside': async (world, acts) => {
    const { ordinal } = await slashed(world, acts);
    const { coverGwei, expectedGwei } = await slashingOf(world, ordinal);
    check(coverGwei === expectedGwei && coverGwei > 0, `cover ${coverGwei} of ${expectedGwei}`);
    await refuses(world, MANAGER, world.pool.bonds, 'take', [1, 1n, MANAGER], 0n, 'BondLiable');
  },
  'what the bond does not cover leaves the rate at once': async (world, acts) => {
    const { ordinal } = await active(acts, 4n);
    await acts.checkpoint();
    const rate = await acts.rate();
    world.beacon.slash(acts.index(ordinal));
    await world.slot();
    await acts.proveSlashing(ordinal);
    const { coverGwei, expectedGwei } = await slashingOf(world, ordinal);
    check(expectedGwei > coverGwei, 'the bond should not reach');
    check((await acts.rate()) < rate, 'the expected loss is not in the rate');
  },
  'a frozen operator gets no fee': async (world, acts) => {
    await slashed(world, acts);
    await refuses(world, MANAGER, world.pool.registry, 'claimFees', [1, MANAGER], 0n, 'OperatorFrozenOrBarred');
  },
  'a frozen operator gets no bond back': async (world, acts) => {
    await slashed(world, acts, 60n);
    await refuses(world, MANAGER, world.pool.bonds, 'take', [1, 1n, MANAGER], 0n, 'BondLiable');
  },
  'bond answers for what runs': async (world, acts) => {
    await funded(acts, 5n);
    await refuses(world, MANAGER, world.pool.bonds, 'take', [1, 2n * ETH, MANAGER], 0n, 'BondLiable');
    await refuses(world, THIEF, world.pool.bonds, 'take', [1, ETH, THIEF], 0n, 'BondCallerUnknown');
  },
  'the younger reference wins': async (world, acts) => {
    const { ordinal } = await slashed(world, acts);
    const young = acts.lastUnslashed(ordinal);
    await acts.proveReference(ordinal, young);
    const old = world.beacon.blocks.find((block) => block.slot === young.slot - 3)!;
    await world.slot();
    await refuses(
      world,
      THIEF,
      world.pool.enforcer,
      'proveReference',
      acts.referenceArgs(ordinal, old),
      0n,
      'ReferenceOlder',
    );
  },
  'a reference shows the validator unslashed': async (world, acts) => {
    const { ordinal } = await slashed(world, acts);
    const after = world.beacon.blocks.find((block) => block.validators[acts.index(ordinal)]?.slashed)!;
    await world.slot();
    await refuses(
      world,
      THIEF,
      world.pool.enforcer,
      'proveReference',
      acts.referenceArgs(ordinal, after),
      0n,
      'SlashingNotShown',
    );
  },
  'a poor reference takes nothing off what lies there': async (world, acts) => {
    const life = await active(acts, 40n);
    const index = acts.index(life.ordinal);
    world.beacon.slash(index);
    await world.slot();
    await acts.proveSlashing(life.ordinal); // never counted: the reference is the operator's 1 ETH
    await acts.checkpoint();
    const { referenceGwei } = await slashingOf(world, life.ordinal);
    const value = await world.read<bigint>(world.pool.enforcer, 'valueOf', [
      life.ordinal,
      40n * GWEI,
      BigInt(world.beacon.slot),
    ]);
    check(value > 35n * GWEI, `40 ETH there, counted as ${value} with a reference of ${referenceGwei}`);
  },
  'a deposit that landed before the fault counts once': async (world, acts) => {
    const { ordinal } = await active(acts, 60n);
    world.beacon.slash(acts.index(ordinal));
    await world.slot();
    await acts.proveSlashing(ordinal);
    const reference = acts.lastUnslashed(ordinal);
    await acts.proveReference(ordinal, reference);
    await acts.checkpoint();
    const { referenceGwei, landedGwei } = await slashingOf(world, ordinal);
    check(referenceGwei + landedGwei === reference.balances[acts.index(ordinal)], 'the deposit is in the loss twice');
  },
  'a withdrawal is recovered once': async (world, acts) => {
    const { ordinal } = await recovered(world, acts);
    await acts.proveRecovery(ordinal);
    await world.slot();
    await refuses(
      world,
      THIEF,
      world.pool.enforcer,
      'proveRecovery',
      acts.recoveryArgs(ordinal),
      0n,
      'RecoveryInvalid',
    );
  },
  "another's withdrawal recovers nothing": async (world, acts) => {
    await acts.deposit(ALICE, 200n);
    const operator = await acts.operator(MANAGER);
    const [bad, good] = [await acts.active(operator), await acts.active(operator)];
    await acts.checkpoint();
    world.beacon.exit(acts.index(good));
    world.beacon.slash(acts.index(bad));
    await world.slot();
    await acts.proveSlashing(bad);
    await world.until(() => world.beacon.balances[acts.index(good)] === 0);
    const late = Math.max(world.beacon.validators[acts.index(bad)]!.withdrawable * 8, 0);
    await world.until(() => world.beacon.slot > late);
    // A gift to the other validator comes back through the Vault as well: a withdrawal of its own, late enough.
    world.beacon.setBalance(acts.index(good), 2e9);
    await world.until(() => (acts.payout(good)?.block.slot ?? 0) > late);
    await world.slot();
    const [, ...rest] = acts.recoveryArgs(good);
    await refuses(world, THIEF, world.pool.enforcer, 'proveRecovery', [bad, ...rest], 0n, 'RecoveryInvalid');
  },
  'a settlement waits for the balance and for evidence': async (world, acts) => {
    const { ordinal } = await recovered(world, acts);
    await refuses(world, THIEF, world.pool.enforcer, 'settle', [ordinal], 0n, 'SettlementTooEarly');
    await acts.checkpoint();
    await world.begin();
    await acts.proveRecovery(ordinal);
    await refuses(world, THIEF, world.pool.enforcer, 'settle', [ordinal], 0n, 'SettlementTooEarly');
    await world.slots(12);
    await world.send(KEEPER, world.pool.enforcer, 'settle', [ordinal]);
  },
  'a settlement waits for a checkpoint that saw nothing left': async (world, acts) => {
    const { ordinal } = await recovered(world, acts);
    await acts.proveRecovery(ordinal);
    await world.slots(30);
    await refuses(world, THIEF, world.pool.enforcer, 'settle', [ordinal], 0n, 'SettlementTooEarly');
  },
  'the bond pays the loss': async (world, acts) => {
    const { ordinal } = await recovered(world, acts);
    await acts.proveReference(ordinal, acts.lastUnslashed(ordinal));
    await acts.proveRecovery(ordinal);
    await acts.checkpoint();
    await world.slots(12);
    const { referenceGwei, recoveredGwei } = await slashingOf(world, ordinal);
    const { events } = await world.send(KEEPER, world.pool.enforcer, 'settle', [ordinal]);
    const paid = (events.find(({ name }) => name === 'Compensated')?.args.amount ?? 0n) as bigint;
    check(paid === BigInt(referenceGwei - recoveredGwei) * GWEI && paid > 0n, `the bond paid ${paid}`);
  },

  'a leaver does not outrun a slashing': async (world, acts) => {
    const { ordinal } = await active(acts, 4n);
    await acts.checkpoint();
    await world.slots(6);
    const { queue, ledger } = world.pool;
    await world.send(ALICE, queue, 'requestWithdrawal', [10n * ETH, ALICE]);
    // The leaver, who knows what the next block holds, begins a checkpoint in it and would end it before anybody's proof.
    world.beacon.slash(acts.index(ordinal));
    await acts.start();
    const block = await acts.frozenBlock();
    const batch = acts.proveArgs(await acts.live(), block);
    // The next block is the first in which the slashing can be shown. All that the leaver needs stands before that.
    await world.begin();
    await world.queue(ALICE, ledger, 'openCheckpoint', acts.openArgs(block));
    await world.queue(ALICE, ledger, 'proveBalances', batch);
    await world.queue(ALICE, ledger, 'finishCheckpoint');
    await world.queue(ALICE, queue, 'finalize', [1n]);
    await world.queue(ALICE, queue, 'claim', [1n, 0n, account(77)]);
    await world.queue(KEEPER, world.pool.enforcer, 'proveSlashing', [
      ordinal,
      world.stateProof(),
      world.validatorProof(acts.index(ordinal)),
    ]);
    await world.slot();
    check((await world.evm.balance(account(77))) === 0n, 'the leaver is gone before the slashing is proven');
    await acts.finish();
    await world.send(KEEPER, queue, 'finalize', [1n]);
    await world.send(ALICE, queue, 'claim', [1n, 0n, account(77)]);
    check(
      (await world.evm.balance(account(77))) < 10n * ETH - ETH / 100n,
      'the leaver was paid as if nothing had happened',
    );
  },
};
