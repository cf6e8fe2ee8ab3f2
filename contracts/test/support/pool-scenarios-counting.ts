import type { Hex } from '@holdfast/units';
import { checkpointOf, KEEPER, navOf, recordOf } from './pool-acts.ts';
import { ETH } from './pool-deploy.ts';
import { ALICE, active, check, funded, KEY, MANAGER, refuses, type Scenario } from './pool-scenario-kit.ts';

/** What a checkpoint counts, and how often. */
export const countingScenarios: Readonly<Record<string, Scenario>> = {
  'a balance counts once a checkpoint': async (world, acts) => {
    const { operator, ordinal } = await funded(acts);
    await acts.deposit(ALICE, 100n);
    await acts.funded(operator);
    await acts.checkpoint();
    await world.slots(6);
    await acts.start();
    await acts.open();
    await acts.resolve();
    await acts.prove([ordinal]);
    await acts.prove([ordinal]);
    check((await checkpointOf(world)).remaining === 1, 'counted twice');
  },
  'what is funded after the start is not counted': async (_world, acts) => {
    const { operator } = await funded(acts);
    const later = await acts.predeposit(operator);
    await acts.proveCredentials(later);
    await acts.start();
    await acts.fund(later);
    await acts.open();
    await acts.resolve();
    await acts.prove();
    check(navOf(await acts.finish()) === 101n * ETH, 'the NAV is not what it was at the start');
  },
  'a deposit in flight must be shown pending or landed': async (world, acts) => {
    const { ordinal } = await active(acts);
    await acts.start();
    await acts.open();
    const block = await acts.frozenBlock();
    const args = acts.proveArgs([[ordinal, await recordOf(world, ordinal)]], block);
    await refuses(world, KEEPER, world.pool.ledger, 'proveBalances', args, 0n, 'DepositUnresolved');
  },
  'a pending deposit is not shown landed': async (world, acts) => {
    const { ordinal } = await funded(acts);
    world.beacon.deposit({
      pubkey: KEY,
      credentials: world.credentials,
      amount: 1e9,
      signature: `0x${'00'.repeat(96)}`,
    });
    await world.slots(2);
    await acts.start();
    await acts.open();
    const block = await acts.frozenBlock();
    check(block.pending.length === 2, 'two deposits should wait');
    const proof = world.validatorProof(acts.index(ordinal), { timestamp: 0, block });
    for (const [from, count] of [
      [0, 2],
      [0, 1],
      [1, 1],
    ] as const) {
      const args = [ordinal, proof, world.pendingRun(from, count, block)];
      await refuses(world, KEEPER, world.pool.ledger, 'resolveLanded', args);
    }
    await refuses(
      world,
      KEEPER,
      world.pool.ledger,
      'resolvePending',
      [ordinal, world.pendingRun(1, 1, block)],
      0n,
      'DepositOther',
    );
  },
  "an exiting validator's deposit hides behind younger ones": async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const ordinal = await acts.predeposit(await acts.operator(MANAGER));
    await acts.proveCredentials(ordinal);
    world.beacon.deposit({
      pubkey: acts.key(ordinal),
      credentials: world.credentials,
      amount: 31e9,
      signature: `0x${'00'.repeat(96)}`,
    });
    await acts.awaitActive(ordinal);
    await acts.fund(ordinal);
    world.beacon.exit(acts.index(ordinal));
    const ours = () => world.beacon.pending.findIndex(({ pubkey }) => pubkey === acts.key(ordinal));
    await world.until(async () => {
      const pubkey: Hex = `0x${Buffer.from(world.random.bytes(48)).toString('hex')}`;
      world.beacon.deposit({ pubkey, credentials: world.credentials, amount: 1e9, signature: `0x${'00'.repeat(96)}` });
      return ours() > 0 && world.beacon.latest.pending[0]!.slot > (await recordOf(world, ordinal)).depositSlot;
    });
    await acts.start();
    await acts.open();
    const block = await acts.frozenBlock();
    const at = block.pending.findIndex(({ pubkey }) => pubkey === acts.key(ordinal));
    check(at > 0, 'the deposit should have been put back');
    const proof = world.validatorProof(acts.index(ordinal), { timestamp: 0, block });
    await world.queue(KEEPER, world.pool.ledger, 'resolveLanded', [ordinal, proof, world.pendingRun(0, at, block)]);
    await world.slot();
    check((await recordOf(world, ordinal)).inFlightGwei !== 0, 'a waiting deposit was taken for landed');
  },
  'a deposit of the same slot before ours proves nothing': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const ordinal = await acts.predeposit(await acts.operator(MANAGER));
    await acts.proveCredentials(ordinal);
    await world.begin();
    world.beacon.deposit({
      pubkey: KEY,
      credentials: world.credentials,
      amount: 1e9,
      signature: `0x${'00'.repeat(96)}`,
    });
    await world.send(KEEPER, world.pool.ledger, 'fund', acts.fundArgs(ordinal));
    await acts.start();
    await acts.open();
    const block = await acts.frozenBlock();
    check(block.pending.length === 2 && block.pending[0]!.pubkey === KEY, 'theirs should stand before ours');
    const proof = world.validatorProof(acts.index(ordinal), { timestamp: 0, block });
    await world.queue(KEEPER, world.pool.ledger, 'resolveLanded', [ordinal, proof, world.pendingRun(0, 1, block)]);
    await world.slot();
    check((await recordOf(world, ordinal)).inFlightGwei !== 0, 'a waiting deposit was taken for landed');
  },
  'a checkpoint finishes whole': async (world, acts) => {
    await funded(acts);
    await acts.start();
    await acts.open();
    await world.slots(8);
    await refuses(world, KEEPER, world.pool.ledger, 'finishCheckpoint', [], 0n, 'CheckpointIncomplete');
  },
  'checkpoints keep their distance': async (world, acts) => {
    await acts.deposit(ALICE, 1n);
    await acts.start();
    await refuses(world, KEEPER, world.pool.ledger, 'startCheckpoint', [], 0n, 'CheckpointTooSoon');
  },
};
