import type { Hex } from '@holdfast/units';
import { KEEPER, recordOf, STATUS } from './pool-acts.ts';
import { ETH } from './pool-deploy.ts';
import { ALICE, check, KEY, MANAGER, refuses, type Scenario, slashed, THIEF } from './pool-scenario-kit.ts';

/** How validators come: whose they are, who pays, in what order. */
export const comingScenarios: Readonly<Record<string, Scenario>> = {
  'front-run credentials are rejected': async (world, acts) => {
    const operator = await acts.operator(MANAGER);
    const stolen: Hex = `0x02${'00'.repeat(11)}${THIEF.slice(2)}`;
    world.beacon.deposit({ pubkey: KEY, credentials: stolen, amount: 1e9, signature: `0x${'00'.repeat(96)}` });
    const ordinal = await acts.predeposit(operator, KEY);
    await acts.proveCredentials(ordinal);
    check((await recordOf(world, ordinal)).status === STATUS.Rejected, "the thief's credentials were taken");
  },
  'a validator that is leaving is not taken in': async (world, acts) => {
    const operator = await acts.operator(MANAGER);
    const ordinal = await acts.predeposit(operator);
    world.beacon.deposit({
      pubkey: acts.key(ordinal),
      credentials: world.credentials,
      amount: 31e9,
      signature: `0x${'00'.repeat(96)}`,
    });
    await acts.awaitValidator(ordinal);
    await acts.awaitActive(ordinal);
    world.beacon.exit(acts.index(ordinal));
    await world.slot();
    await acts.proveCredentials(ordinal);
    check((await recordOf(world, ordinal)).status === STATUS.Rejected, 'an exiting validator was taken in');
  },
  "credentials are the record's own": async (world, acts) => {
    const operator = await acts.operator(MANAGER);
    const [one, other] = [await acts.predeposit(operator), await acts.predeposit(operator)];
    await acts.awaitValidator(one);
    await acts.awaitValidator(other);
    await world.slot();
    const args = [one, world.stateProof(), world.validatorProof(acts.index(other))];
    await refuses(world, KEEPER, world.pool.ledger, 'proveCredentials', args, 0n, 'ValidatorOther');
  },
  "the first ether is exactly one, and the operator's": async (world, acts) => {
    const operator = await acts.operator(MANAGER);
    const args = acts.predepositArgs(operator, KEY);
    await refuses(world, MANAGER, world.pool.ledger, 'predeposit', args, 2n * ETH);
    await refuses(world, MANAGER, world.pool.ledger, 'predeposit', args, 0n, 'PredepositValueWrong');
  },
  'a key is taken once': async (world, acts) => {
    const operator = await acts.operator(MANAGER);
    const ordinal = await acts.predeposit(operator);
    const args = acts.predepositArgs(operator, acts.key(ordinal));
    await refuses(world, MANAGER, world.pool.ledger, 'predeposit', args, ETH, 'PubkeyKnown');
  },
  'only the manager offers keys': async (world, acts) => {
    const operator = await acts.operator(MANAGER);
    await refuses(world, THIEF, world.pool.ledger, 'predeposit', acts.predepositArgs(operator, KEY), ETH);
  },
  'a key needs its bond': async (world, acts) => {
    const operator = await acts.operator(MANAGER, 3n);
    await refuses(
      world,
      MANAGER,
      world.pool.ledger,
      'predeposit',
      acts.predepositArgs(operator, KEY),
      ETH,
      'BondShort',
    );
  },
  'funding goes in turn': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const operator = await acts.operator(MANAGER);
    const [first, second] = [await acts.predeposit(operator), await acts.predeposit(operator)];
    await acts.proveCredentials(first);
    await acts.proveCredentials(second);
    await refuses(world, KEEPER, world.pool.ledger, 'fund', acts.fundArgs(second), 0n, 'NotItsTurn');
  },
  'funding waits where a checkpoint began in the same block': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const ordinal = await acts.predeposit(await acts.operator(MANAGER));
    await acts.proveCredentials(ordinal);
    await world.queue(KEEPER, world.pool.ledger, 'startCheckpoint');
    const fund = await world.queue(KEEPER, world.pool.ledger, 'fund', acts.fundArgs(ordinal));
    const sealed = await world.slot();
    const receipt = sealed.receipts.find(({ transactionHash }) => transactionHash === fund);
    check(receipt?.status === '0x0', 'funded in the very block of the start');
  },
  'stake leaves the queue its cash': async (world, acts) => {
    await acts.deposit(ALICE, 40n);
    const ordinal = await acts.predeposit(await acts.operator(MANAGER));
    await acts.proveCredentials(ordinal);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [20n * ETH, ALICE]);
    await refuses(world, KEEPER, world.pool.ledger, 'fund', acts.fundArgs(ordinal), 0n, 'CashShort');
  },
  'a frozen operator is not funded': async (world, acts) => {
    await slashed(world, acts);
    await refuses(
      world,
      MANAGER,
      world.pool.ledger,
      'predeposit',
      acts.predepositArgs({ id: 1, manager: MANAGER }, KEY),
      ETH,
      'OperatorFrozenOrBarred',
    );
  },
  'a frozen operator gets no stake for a key it had proven': async (world, acts) => {
    await acts.deposit(ALICE, 200n);
    const operator = await acts.operator(MANAGER);
    const bad = await acts.active(operator);
    const idle = await acts.predeposit(operator);
    await acts.proveCredentials(idle);
    world.beacon.slash(acts.index(bad));
    await world.slot();
    await acts.proveSlashing(bad);
    await refuses(world, KEEPER, world.pool.ledger, 'fund', acts.fundArgs(idle), 0n, 'OperatorMayNotStake');
  },
};
