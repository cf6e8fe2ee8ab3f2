import { KEEPER } from './pool-acts.ts';
import { ETH } from './pool-deploy.ts';
import { account } from './pool-evm.ts';
import { ALICE, active, check, MANAGER, refuses, type Scenario, THIEF } from './pool-scenario-kit.ts';

/** How validators leave, and who may ask them to. */
export const goingScenarios: Readonly<Record<string, Scenario>> = {
  'no stranger exits a validator that nobody needs': async (world, acts) => {
    const { ordinal } = await active(acts);
    await refuses(world, THIEF, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)], 0n, 'ExitNotCalledFor');
  },
  'an exit is asked for once in a while': async (world, acts) => {
    const { ordinal } = await active(acts);
    await world.send(MANAGER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)]);
    await refuses(
      world,
      MANAGER,
      world.pool.ledger,
      'requestExit',
      [ordinal, acts.key(ordinal)],
      0n,
      'ExitAlreadyRequested',
    );
  },
  'an exit that was passed over is asked for again': async (world, acts) => {
    await acts.deposit(ALICE, 33n);
    const ordinal = await acts.funded(await acts.operator(MANAGER));
    const index = acts.index(ordinal);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [33n * ETH, ALICE]);
    await world.until(() => world.beacon.latest.balances[index]! >= 32e9);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)]);
    check(world.beacon.validators[index]!.exit === Number.POSITIVE_INFINITY, 'it should be too young to leave');
    await acts.awaitActive(ordinal);
    await world.slots(40);
    await world.send(KEEPER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)]);
    check(world.beacon.validators[index]!.exit !== Number.POSITIVE_INFINITY, 'it should leave');
  },
  'no partial withdrawal gets in the way of an exit': async (world, acts) => {
    const { ordinal } = await active(acts);
    await world.send(MANAGER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)]);
    await refuses(
      world,
      MANAGER,
      world.pool.ledger,
      'requestPartial',
      [ordinal, acts.key(ordinal), 1n],
      0n,
      'ExitAlreadyRequested',
    );
  },
  'consolidation stays with its manager': async (world, acts) => {
    const { operator, ordinal } = await active(acts);
    const other = await acts.active(operator);
    const args = [ordinal, acts.key(ordinal), other, acts.key(other)];
    await refuses(world, THIEF, world.pool.ledger, 'requestConsolidation', args, 0n, 'NotManager');
  },
  'consolidation stays with one operator': async (world, acts) => {
    const { ordinal } = await active(acts);
    const other = await acts.active(await acts.operator(account(21)));
    const args = [ordinal, acts.key(ordinal), other, acts.key(other)];
    await refuses(world, MANAGER, world.pool.ledger, 'requestConsolidation', args, 0n, 'StatusWrong');
  },
  'a validator that stays is not proven exiting': async (world, acts) => {
    const { ordinal } = await active(acts);
    const args = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    await refuses(world, KEEPER, world.pool.ledger, 'proveExit', args, 0n, 'NotYetOnBeaconChain');
  },
  "another validator's exit proves nothing": async (world, acts) => {
    const { operator, ordinal } = await active(acts);
    const other = await acts.active(operator);
    world.beacon.exit(acts.index(other));
    await world.slots(2);
    const args = [ordinal, world.stateProof(), world.validatorProof(acts.index(other))];
    await refuses(world, KEEPER, world.pool.ledger, 'proveExit', args, 0n, 'ValidatorOther');
  },
  'a validator is not withdrawn before its balance is': async (world, acts) => {
    const { ordinal } = await active(acts);
    await acts.checkpoint();
    world.beacon.exit(acts.index(ordinal));
    await world.slots(2);
    await acts.proveExit(ordinal);
    await refuses(
      world,
      KEEPER,
      world.pool.ledger,
      'proveWithdrawn',
      await acts.proveWithdrawnArgs(ordinal),
      0n,
      'NotYetOnBeaconChain',
    );
  },
  'a slashed validator does not leave as a plain exit': async (world, acts) => {
    const { ordinal } = await active(acts);
    world.beacon.slash(acts.index(ordinal));
    await world.slot();
    await acts.proveExit(ordinal);
    await world.until(() => acts.payout(ordinal) !== undefined);
    await acts.checkpoint();
    await refuses(
      world,
      MANAGER,
      world.pool.ledger,
      'proveWithdrawn',
      await acts.proveWithdrawnArgs(ordinal),
      0n,
      'NotYetOnBeaconChain',
    );
  },
  'a validator leaves a checkpoint counted': async (world, acts) => {
    const { ordinal } = await active(acts);
    await acts.checkpoint();
    world.beacon.exit(acts.index(ordinal));
    await world.slots(2);
    await acts.proveExit(ordinal);
    await world.until(() => world.beacon.balances[acts.index(ordinal)] === 0);
    await world.slots(6);
    await acts.start();
    await refuses(
      world,
      KEEPER,
      world.pool.ledger,
      'proveWithdrawn',
      await acts.proveWithdrawnArgs(ordinal),
      0n,
      'CheckpointIncomplete',
    );
  },
};
