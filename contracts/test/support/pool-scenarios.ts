import type { Hex } from '@holdfast/units';
import { type Acts, checkpointOf, KEEPER, navOf, recordOf, STATUS, slashingOf } from './pool-acts.ts';
import { CONFIG, ETH, GWEI } from './pool-deploy.ts';
import { account, type Contract, WITHDRAWALS_7002 } from './pool-evm.ts';
import type { World } from './pool-world.ts';

/** Plays one danger through. Passes where the safeguard holds, throws where it does not. */
export type Scenario = (world: World, acts: Acts) => Promise<void>;

const ALICE = account(10);
const MANAGER = account(20);
const THIEF = account(30);
const ZERO: Hex = `0x${'00'.repeat(20)}`;
const KEY: Hex = `0x${'77'.repeat(48)}`;

function check(ok: boolean, what: string): void {
  if (!ok) throw new Error(what);
}

/** The call must revert, with that error if one is named. */
async function refuses(
  world: World,
  from: Hex,
  to: Contract,
  fn: string,
  args: readonly unknown[],
  value = 0n,
  error = '',
): Promise<void> {
  const refusal = await world.refusal(from, to, fn, args, value);
  check(refusal !== '', `${fn} went through`);
  check(error === '' || refusal === error, `${fn}: ${refusal} instead of ${error}`);
}

/** A door opens to nobody but its own part. */
const door =
  (
    part: 'vault' | 'token' | 'queue' | 'ledger' | 'registry' | 'bonds' | 'enforcer',
    fn: string,
    args: readonly unknown[],
  ): Scenario =>
  async (world) => {
    for (const caller of [THIEF, MANAGER]) {
      const refusal = await world.refusal(caller, world.pool[part], fn, args);
      check(/CallerUnknown/.test(refusal), `${fn}: ${refusal || 'went through'}`);
    }
  };

/** The rate after a gain of `gain` wei that a checkpoint has shown. */
async function gain(world: World, acts: Acts, wei: bigint): Promise<bigint> {
  await world.evm.credit(world.pool.vault.address, wei);
  await acts.checkpoint();
  return acts.rate();
}

/** Takes ether out of the Vault as a beacon chain loss would look, and lets a checkpoint see it. */
async function lose(world: World, acts: Acts, wei: bigint): Promise<void> {
  const { vault } = world.pool;
  await world.evm.setBalance(vault.address, (await world.evm.balance(vault.address)) - wei);
  await acts.checkpoint();
}

async function funded(
  world: World,
  acts: Acts,
  bond = 40n,
): Promise<{ operator: { id: number; manager: Hex }; ordinal: number }> {
  await acts.deposit(ALICE, 100n);
  const operator = await acts.operator(MANAGER, bond);
  void world;
  return { operator, ordinal: await acts.funded(operator) };
}

async function active(world: World, acts: Acts, bond = 40n) {
  const life = await funded(world, acts, bond);
  await acts.awaitActive(life.ordinal);
  return life;
}

async function slashed(world: World, acts: Acts, bond = 40n) {
  const life = await active(world, acts, bond);
  await acts.checkpoint();
  world.beacon.slash(acts.index(life.ordinal));
  await world.slot();
  await acts.proveSlashing(life.ordinal);
  return life;
}

async function recovered(world: World, acts: Acts) {
  const life = await slashed(world, acts);
  await world.until(() => acts.payout(life.ordinal) !== undefined);
  await world.slot();
  return life;
}

async function requested(world: World, acts: Acts, shares = 10n * ETH): Promise<void> {
  await acts.deposit(ALICE, 100n);
  await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [shares, ALICE]);
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  // ── Coming ────────────────────────────────────────────────────────────────────────────────────────────────────
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
    const { operator } = await slashed(world, acts);
    void operator;
    const ordinal = [...acts.keys.keys()].at(-1)! + 1;
    check(ordinal > 1, 'no validator');
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

  // ── Counting ──────────────────────────────────────────────────────────────────────────────────────────────────
  'a balance counts once a checkpoint': async (world, acts) => {
    const { operator, ordinal } = await funded(world, acts);
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
  'what is funded after the start is not counted': async (world, acts) => {
    const { operator } = await funded(world, acts);
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
    const { ordinal } = await active(world, acts);
    await acts.start();
    await acts.open();
    const block = await acts.frozenBlock();
    const args = acts.proveArgs([[ordinal, await recordOf(world, ordinal)]], block);
    await refuses(world, KEEPER, world.pool.ledger, 'proveBalances', args, 0n, 'DepositUnresolved');
  },
  'a pending deposit is not shown landed': async (world, acts) => {
    const { ordinal } = await funded(world, acts);
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
    await funded(world, acts);
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

  // ── Going ─────────────────────────────────────────────────────────────────────────────────────────────────────
  'no stranger exits a validator that nobody needs': async (world, acts) => {
    const { ordinal } = await active(world, acts);
    await refuses(world, THIEF, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)], 0n, 'ExitNotCalledFor');
  },
  'an exit is asked for once in a while': async (world, acts) => {
    const { ordinal } = await active(world, acts);
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
    const { ordinal } = await active(world, acts);
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
    const { operator, ordinal } = await active(world, acts);
    const other = await acts.active(operator);
    const args = [ordinal, acts.key(ordinal), other, acts.key(other)];
    await refuses(world, THIEF, world.pool.ledger, 'requestConsolidation', args, 0n, 'NotManager');
  },
  'consolidation stays with one operator': async (world, acts) => {
    const { ordinal } = await active(world, acts);
    const other = await acts.active(await acts.operator(account(21)));
    const args = [ordinal, acts.key(ordinal), other, acts.key(other)];
    await refuses(world, MANAGER, world.pool.ledger, 'requestConsolidation', args, 0n, 'StatusWrong');
  },
  'a validator that stays is not proven exiting': async (world, acts) => {
    const { ordinal } = await active(world, acts);
    const args = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    await refuses(world, KEEPER, world.pool.ledger, 'proveExit', args, 0n, 'NotYetOnBeaconChain');
  },
  "another validator's exit proves nothing": async (world, acts) => {
    const { operator, ordinal } = await active(world, acts);
    const other = await acts.active(operator);
    world.beacon.exit(acts.index(other));
    await world.slots(2);
    const args = [ordinal, world.stateProof(), world.validatorProof(acts.index(other))];
    await refuses(world, KEEPER, world.pool.ledger, 'proveExit', args, 0n, 'ValidatorOther');
  },
  'a validator is not withdrawn before its balance is': async (world, acts) => {
    const { ordinal } = await active(world, acts);
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
    const { ordinal } = await active(world, acts);
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
    const { ordinal } = await active(world, acts);
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

  // ── Slashing ──────────────────────────────────────────────────────────────────────────────────────────────────
  'an innocent validator is not slashed': async (world, acts) => {
    const { ordinal } = await active(world, acts);
    const args = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    await refuses(world, THIEF, world.pool.enforcer, 'proveSlashing', args, 0n, 'SlashingNotShown');
  },
  "another's slashing proves nothing": async (world, acts) => {
    const { ordinal } = await active(world, acts);
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
    const { ordinal } = await active(world, acts, 4n);
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
    await funded(world, acts, 5n);
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
    const life = await active(world, acts, 40n);
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
    const { ordinal } = await active(world, acts, 60n);
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

  // ── The rate ──────────────────────────────────────────────────────────────────────────────────────────────────
  'a gain drips': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const before = await acts.rate();
    check((await gain(world, acts, 10n * ETH)) === before, 'the gain is in the rate at once');
    await world.slot();
    check((await acts.rate()) - before <= 13n * CONFIG.vault.maxGrowthPerSecond, 'the gain comes too fast');
    await world.slots(20);
    check((await acts.rate()) > before, 'the gain never comes');
  },
  'a gain takes its time however small': async (world, acts) => {
    await acts.deposit(ALICE, 1000n);
    await gain(world, acts, ETH / 1000n);
    const [now, target] = await world.read<[bigint, bigint, bigint]>(world.pool.vault, 'rateSchedule');
    await world.slots(10);
    check((await acts.rate()) - now < (target - now) / 4n, 'the gain comes within two minutes');
  },
  'a loss is at once': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const before = await acts.rate();
    await lose(world, acts, 10n * ETH);
    check((await acts.rate()) === (before * 9n) / 10n, 'the loss is not in the rate');
  },
  'a proven loss is at once': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await world.send(world.pool.enforcer.address, world.pool.vault, 'recordLoss', [10n * ETH]);
    check((await acts.rate()) === (ETH * 9n) / 10n, 'the loss is not in the rate');
  },
  'newcomers share what drips in': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await gain(world, acts, 5n * ETH);
    await acts.deposit(account(11), 100n);
    const [, target] = await world.read<[bigint, bigint, bigint]>(world.pool.vault, 'rateSchedule');
    const supply = await world.read<bigint>(world.pool.token, 'totalSupply');
    const cash = await world.read<bigint>(world.pool.vault, 'freeCash');
    check((supply * target) / ETH <= cash, `shares will be worth ${(supply * target) / ETH} of ${cash}`);
  },
  'the fee is taken once': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await gain(world, acts, 10n * ETH);
    await lose(world, acts, 8n * ETH);
    const owed = async () =>
      (await world.read<[bigint, bigint]>(world.pool.vault, 'liabilities')).reduce((a, b) => a + b);
    const before = await owed();
    await gain(world, acts, 7n * ETH);
    check((await owed()) <= before, 'a regained loss paid a fee');
  },
  'liabilities are not worth': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await world.send(THIEF, world.pool.vault, 'fundReserve', [], 5n * ETH);
    check(navOf(await acts.checkpoint()) === 100n * ETH, 'the reserve counts for the shares');
  },
  'a deposit names its ether': async (world) => {
    await refuses(world, ALICE, world.pool.vault, 'deposit', [100n * ETH, ALICE], ETH, 'DepositValueWrong');
  },

  // ── Limits ────────────────────────────────────────────────────────────────────────────────────────────────────
  "no window passes a door's limit": async (world, acts) => {
    await acts.deposit(ALICE, 3_000n);
    const { queue, vault } = world.pool;
    await world.send(queue.address, vault, 'payClaims', [1_000n * ETH]);
    await refuses(world, queue.address, vault, 'payClaims', [900n * ETH], 0n, 'WindowLimitReached');
  },
  'claims leave reserve and fees alone': async (world, acts) => {
    await acts.deposit(ALICE, 10n);
    await world.send(THIEF, world.pool.vault, 'fundReserve', [], 5n * ETH);
    await refuses(world, world.pool.queue.address, world.pool.vault, 'payClaims', [11n * ETH], 0n, 'CashShort');
  },
  'a bounty has a cap': async (world) => {
    const { vault, ledger } = world.pool;
    await world.send(THIEF, vault, 'fundReserve', [], ETH);
    await world.send(ledger.address, vault, 'payBounty', [KEEPER, 10n ** 15n]);
    const [reserve] = await world.read<[bigint, bigint]>(vault, 'liabilities');
    check(ETH - reserve <= CONFIG.vault.bountyCap, 'more than the cap was paid');
  },
  'bounties have a window': async (world) => {
    const { vault, ledger } = world.pool;
    await world.send(THIEF, vault, 'fundReserve', [], ETH);
    for (let n = 0; n < 30; n += 1) await world.queue(ledger.address, vault, 'payBounty', [KEEPER, 10n ** 15n]);
    await world.slot();
    const [reserve] = await world.read<[bigint, bigint]>(vault, 'liabilities');
    check(ETH - reserve <= CONFIG.vault.bountyLimit / 2n, 'more than the window was paid');
  },
  'a request fee has a cap': async (world, acts) => {
    const { ordinal } = await active(world, acts);
    await world.evm.rpc('hardhat_setStorageAt', [WITHDRAWALS_7002, '0x0', `0x${(700).toString(16).padStart(64, '0')}`]);
    await refuses(
      world,
      MANAGER,
      world.pool.ledger,
      'requestExit',
      [ordinal, acts.key(ordinal)],
      0n,
      'RequestFeeTooHigh',
    );
  },

  // ── The queue ─────────────────────────────────────────────────────────────────────────────────────────────────
  'a request is not paid above its own rate': async (world, acts) => {
    await requested(world, acts);
    await gain(world, acts, 20n * ETH);
    await world.slots(200);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await world.send(ALICE, world.pool.queue, 'claim', [1n, 0n, account(77)]);
    check((await world.evm.balance(account(77))) === 10n * ETH, 'paid at the higher rate');
  },
  'a request is not paid above the rate of its payment': async (world, acts) => {
    await requested(world, acts);
    await lose(world, acts, 50n * ETH);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await world.send(ALICE, world.pool.queue, 'claim', [1n, 0n, account(77)]);
    check((await world.evm.balance(account(77))) === 5n * ETH, 'paid at the rate before the loss');
  },
  'a request waits for a checkpoint': async (world, acts) => {
    await requested(world, acts);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE], 0n, 'RequestNotFinalized');
  },
  'a request of the block of the start waits for the next': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await world.queue(ALICE, world.pool.queue, 'requestWithdrawal', [ETH, ALICE]);
    await acts.start();
    await acts.open();
    await acts.finish();
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE], 0n, 'RequestNotFinalized');
  },
  "a receipt is its owner's": async (world, acts) => {
    await requested(world, acts);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, THIEF, world.pool.queue, 'claim', [1n, 0n, THIEF], 0n, 'ReceiptNotYours');
    await refuses(world, THIEF, world.pool.queue, 'transferFrom', [ALICE, THIEF, 1n], 0n, 'ReceiptNotYours');
    await refuses(world, THIEF, world.pool.queue, 'approve', [THIEF, 1n], 0n, 'ReceiptNotYours');
  },
  'an approval dies with the transfer': async (world, acts) => {
    await requested(world, acts);
    await world.send(ALICE, world.pool.queue, 'approve', [THIEF, 1n]);
    await world.send(ALICE, world.pool.queue, 'transferFrom', [ALICE, account(11), 1n]);
    await refuses(world, THIEF, world.pool.queue, 'transferFrom', [account(11), THIEF, 1n], 0n, 'ReceiptNotYours');
  },
  'a claim is paid once': async (world, acts) => {
    await requested(world, acts);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [10n * ETH, ALICE]);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [2n]);
    await world.send(ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE]);
  },
  'a claim is priced by its own batch': async (world, acts) => {
    await requested(world, acts, 1n * ETH);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [10n * ETH, ALICE]);
    await lose(world, acts, 50n * ETH);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [2n, 0n, ALICE], 0n, 'BatchWrong');
  },
  'as much is paid as the window allows': async (world, acts) => {
    await acts.deposit(ALICE, 10_000n);
    for (const ether of [1_000n, 1_000n, 500n])
      await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [ether * ETH, ALICE]);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [10n]);
  },
  'the escrow is entered by a request only': async (world, acts) => {
    await acts.deposit(ALICE, 1n);
    await refuses(
      world,
      ALICE,
      world.pool.token,
      'transfer',
      [world.pool.queue.address, ETH],
      0n,
      'ERC20InvalidReceiver',
    );
  },

  // ── Doors ─────────────────────────────────────────────────────────────────────────────────────────────────────
  'Vault.stake': door('vault', 'stake', [KEY, 31n * GWEI, `0x${'00'.repeat(32)}`]),
  'Vault.creditPredeposit': door('vault', 'creditPredeposit', [THIEF, ETH]),
  'Vault.payClaims': door('vault', 'payClaims', [0n]),
  'Vault.payFee': door('vault', 'payFee', [THIEF, 0n]),
  'Vault.requestWithdrawal': door('vault', 'requestWithdrawal', [KEY, 0n]),
  'Vault.requestConsolidation': door('vault', 'requestConsolidation', [KEY, KEY]),
  'Vault.payBounty': door('vault', 'payBounty', [THIEF, 0n]),
  'Vault.freeze': door('vault', 'freeze', []),
  'Vault.report': door('vault', 'report', [10n ** 20n]),
  'Vault.recordLoss': door('vault', 'recordLoss', [1n]),
  'Token.mint': door('token', 'mint', [THIEF, ETH]),
  'Token.escrow': door('token', 'escrow', [ALICE, 0n]),
  'Token.burnEscrowed': door('token', 'burnEscrowed', [0n]),
  'Token.moveReceipt': door('token', 'moveReceipt', [ZERO, THIEF]),
  'Queue.freeze': door('queue', 'freeze', []),
  'Queue.release': door('queue', 'release', []),
  'Ledger.markSlashed': door('ledger', 'markSlashed', [1]),
  'Ledger.uncount': door('ledger', 'uncount', [1, 0n]),
  'Ledger.markSettled': door('ledger', 'markSettled', [1]),
  'Registry.addValidator': door('registry', 'addValidator', [1, MANAGER]),
  'Registry.removeValidator': door('registry', 'removeValidator', [1, false]),
  'Registry.startEarning': door('registry', 'startEarning', [1]),
  'Registry.accrue': door('registry', 'accrue', [0n]),
  'Registry.freeze': door('registry', 'freeze', [1]),
  'Registry.settle': door('registry', 'settle', [1]),
  'Bonds.reserve': door('bonds', 'reserve', [1, 0n]),
  'Bonds.charge': door('bonds', 'charge', [1, 0n, 0n]),
  'Enforcer.deposited': door('enforcer', 'deposited', [1, 1n, 0n]),
};
