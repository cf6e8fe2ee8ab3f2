import type { Hex } from '@holdfast/units';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, checkpointOf, KEEPER, navOf, recordOf, STATUS } from '../support/pool-acts.ts';
import { COMPILING, ETH, GWEI, poolCode } from '../support/pool-deploy.ts';
import { account, type Contract } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
const STRANGER = account(99);
beforeAll(() => poolCode(), COMPILING);

let world: World;
let acts: Acts;
let ledger: Contract;

async function begin(options: Parameters<typeof World.start>[0] = {}): Promise<void> {
  world = await World.start(options);
  acts = new Acts(world);
  ledger = world.pool.ledger;
  await acts.deposit(ALICE, 100n);
}
beforeEach(() => begin());

const refusal = (fn: string, args: readonly unknown[], from = KEEPER, value = 0n) =>
  world.refusal(from, ledger, fn, args, value);
const truth = (block: { balances: readonly number[] }, ordinals: readonly number[]) =>
  ordinals.reduce((sum, ordinal) => sum + BigInt(block.balances[acts.index(ordinal)]!) * GWEI, 0n);

describe('ValidatorLedger: what each state allows', () => {
  it('takes nothing out of turn', async () => {
    const operator = await acts.operator(MANAGER);
    const ordinal = await acts.predeposit(operator);
    const key = acts.key(ordinal);
    await acts.awaitValidator(ordinal);
    await world.slot();
    const proof = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    for (const [fn, args] of [
      ['fund', acts.fundArgs(ordinal)],
      ['requestExit', [ordinal, key]],
      ['requestPartial', [ordinal, key, 1n]],
      ['requestConsolidation', [ordinal, key, ordinal, key]],
      ['proveExit', proof],
      ['proveWithdrawn', await acts.proveWithdrawnArgs(ordinal)],
    ] as const) {
      expect(await refusal(fn, args, MANAGER), fn).toBe('StatusWrong');
    }
    expect(await world.refusal(KEEPER, world.pool.enforcer, 'proveSlashing', proof)).toBe('SlashingStatusWrong');
    expect(await world.refusal(KEEPER, world.pool.enforcer, 'settle', [ordinal])).toBe('SlashingStatusWrong');
    await acts.proveCredentials(ordinal);
    await world.slot();
    const again = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    expect(await refusal('proveCredentials', again)).toBe('StatusWrong');
    await acts.fund(ordinal);
    expect(await refusal('fund', acts.fundArgs(ordinal))).toBe('StatusWrong');
    expect(await refusal('requestPartial', [ordinal, key, 0n], MANAGER)).toBe('StatusWrong');
    expect(await refusal('requestConsolidation', [ordinal, key, ordinal, key], MANAGER)).toBe('ValidatorOther');
    const other: Hex = `0x${'12'.repeat(48)}`;
    expect(await refusal('requestExit', [ordinal, other], MANAGER)).toBe('ValidatorOther');
    expect(await refusal('requestExit', [ordinal, '0x1234'], MANAGER)).toBe('PubkeyLength');
  });

  it('checks keys, deposit roots and operators', async () => {
    const operator = await acts.operator(MANAGER);
    const [id, key, signature, root] = acts.predepositArgs(operator, `0x${'12'.repeat(48)}`) as [number, Hex, Hex, Hex];
    expect(await refusal('predeposit', [id, '0x12', signature, root], MANAGER, ETH)).toBe('PubkeyLength');
    expect(await refusal('predeposit', [id, key, signature, `0x${'00'.repeat(32)}`], MANAGER, ETH)).not.toBe('');
    expect(await refusal('predeposit', [77, key, signature, root], MANAGER, ETH)).toBe('OperatorUnknown');
    const ordinal = await acts.predeposit(operator);
    await acts.proveCredentials(ordinal);
    const [, pubkey, data] = acts.fundArgs(ordinal) as [number, Hex, Hex];
    expect(await refusal('fund', [ordinal, key, data])).toBe('ValidatorOther');
    expect(await refusal('fund', [ordinal, pubkey, `0x${'00'.repeat(32)}`])).not.toBe('');
  });

  it('gives the operator its ether back in shares when the pool takes the validator over', async () => {
    await acts.funded(await acts.operator(MANAGER));
    expect(await world.read(world.pool.token, 'balanceOf', [MANAGER])).toBe(ETH);
    expect(navOf(await acts.checkpoint())).toBe(101n * ETH);
  });
});

describe('ValidatorLedger: what is no proof', () => {
  it('a root that the ring has forgotten, or never knew', async () => {
    const ordinal = await acts.predeposit(await acts.operator(MANAGER));
    await acts.awaitValidator(ordinal);
    await world.slot();
    const at = world.recent();
    const args = [ordinal, world.stateProof(at), world.validatorProof(acts.index(ordinal), at)];
    expect(await refusal('proveCredentials', args)).toBe('');
    const lie = [ordinal, { ...world.stateProof(at), timestamp: BigInt(at.timestamp + 1) }, args[2]];
    expect(await refusal('proveCredentials', lie)).toBe('RootUnknown');
    await world.slot(8_190); // the ring's place is written anew: 8191 slots later
    expect(await refusal('proveCredentials', args)).toBe('RootUnknown');
  });

  it("a state of a fork that the pool does not know, or another state's header", async () => {
    await begin({ layoutFrom: 1_000_000 });
    const ordinal = await acts.predeposit(await acts.operator(MANAGER));
    await acts.awaitValidator(ordinal);
    await world.slot();
    const args = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    expect(await refusal('proveCredentials', args)).toBe('LayoutUnknown');
    await acts.start();
    expect(await refusal('openCheckpoint', acts.openArgs(await acts.frozenBlock()))).toBe('LayoutUnknown');
  });

  it("another block's header for the frozen root, or another's balances", async () => {
    await acts.start();
    const block = await acts.frozenBlock();
    const other = world.beacon.blocks.at(-4)!;
    expect(await refusal('openCheckpoint', acts.openArgs(other))).toBe('HeaderMismatch');
    const mixed = [acts.openArgs(block)[0], { ...world.opening([0], block).opening, top: `0x${'ab'.repeat(32)}` }];
    expect(await refusal('openCheckpoint', mixed)).toBe('BalancesProofInvalid');
  });

  it('a predeposit of another pool', async () => {
    const key: Hex = `0x${'44'.repeat(48)}`;
    const elsewhere: Hex = `0x02${'00'.repeat(11)}${account(1234).slice(2)}`;
    world.beacon.deposit({ pubkey: key, credentials: elsewhere, amount: 32e9, signature: `0x${'00'.repeat(96)}` });
    const ordinal = await acts.predeposit(await acts.operator(MANAGER), key);
    await acts.proveCredentials(ordinal);
    expect((await recordOf(world, ordinal)).status).toBe(STATUS.Rejected);
    const old = `0x01${world.credentials.slice(4)}` as Hex;
    const other: Hex = `0x${'45'.repeat(48)}`;
    world.beacon.deposit({ pubkey: other, credentials: old, amount: 1e9, signature: `0x${'00'.repeat(96)}` });
    const second = await acts.predeposit({ id: 1, manager: MANAGER }, other);
    await acts.proveCredentials(second);
    expect((await recordOf(world, second)).status).toBe(STATUS.Rejected); // 0x01 credentials do not compound
  });
});

describe('BalanceCheckpoint', () => {
  it('goes start, open, prove, finish, and nothing in between', async () => {
    const ordinal = await acts.funded(await acts.operator(MANAGER));
    const block = world.beacon.latest;
    const record = await recordOf(world, ordinal);
    for (const [fn, args] of [
      ['openCheckpoint', acts.openArgs(block)],
      ['proveBalances', acts.proveArgs([[ordinal, record]], block)],
      ['finishCheckpoint', []],
      ['resolvePending', [ordinal, world.pendingRun(0, 1, block)]],
    ] as const) {
      expect(await refusal(fn, args), fn).toBe('CheckpointPhaseWrong');
    }
    await acts.start();
    expect(await refusal('proveBalances', acts.proveArgs([[ordinal, record]], await acts.frozenBlock()))).toBe(
      'CheckpointPhaseWrong',
    );
    await acts.open();
    expect(await refusal('openCheckpoint', acts.openArgs(await acts.frozenBlock()))).toBe('CheckpointPhaseWrong');
    await acts.resolve();
    await acts.prove();
    await acts.finish();
    expect(await refusal('finishCheckpoint', [])).toBe('CheckpointPhaseWrong');
  });

  it('does not sink for a batch sent twice, by two keepers, in any order', async () => {
    const operator = await acts.operator(MANAGER, 40n);
    await acts.deposit(ALICE, 100n);
    const ordinals = [await acts.funded(operator), await acts.funded(operator), await acts.funded(operator)];
    for (const ordinal of ordinals) await acts.awaitActive(ordinal);
    await acts.start();
    await acts.open();
    await acts.resolve();
    const block = await acts.frozenBlock();
    const live = await acts.live();
    await world.queue(KEEPER, ledger, 'proveBalances', acts.proveArgs(live.slice(1), block));
    await world.queue(STRANGER, ledger, 'proveBalances', acts.proveArgs(live.slice(1), block));
    await world.queue(STRANGER, ledger, 'proveBalances', acts.proveArgs(live, block));
    const { receipts } = await world.slot();
    expect(receipts.map(({ status }) => status)).toEqual(['0x1', '0x1', '0x1']);
    expect((await checkpointOf(world)).remaining).toBe(0);
    const nav = navOf(await acts.finish());
    expect(nav).toBe(200n * ETH - 93n * ETH + truth(block, ordinals));
  });

  it('may be left half done, and begun again after its time', async () => {
    const operator = await acts.operator(MANAGER, 40n);
    await acts.deposit(ALICE, 100n);
    const ordinals = [await acts.active(operator), await acts.active(operator)];
    await acts.start();
    await acts.open();
    await acts.resolve();
    await acts.prove([ordinals[0]!]);
    expect(await refusal('startCheckpoint', [])).toBe('CheckpointTooSoon');
    await world.slots(100);
    await acts.start();
    await acts.open();
    await acts.resolve();
    await acts.prove();
    const block = await acts.frozenBlock();
    expect(navOf(await acts.finish())).toBe(138n * ETH + truth(block, ordinals));
  });

  it('holds over missed slots, sweeps, partial withdrawals and consolidations between start and finish', async () => {
    const operator = await acts.operator(MANAGER, 40n);
    await acts.deposit(ALICE, 100n);
    const [one, two] = [await acts.active(operator), await acts.active(operator)];
    await world.slots(16);
    await acts.checkpoint();
    await world.slot(3);
    await acts.start();
    const block = await acts.frozenBlock();
    const cash = (await world.read<[bigint, bigint]>(world.pool.vault, 'frozen'))[0];
    const owed = (await world.read<[bigint, bigint]>(world.pool.vault, 'frozen'))[1];
    await world.queue(MANAGER, ledger, 'requestPartial', [one, acts.key(one), 50_000n]);
    await world.queue(MANAGER, ledger, 'requestConsolidation', [two, acts.key(two), one, acts.key(one)]);
    await world.slot(2);
    await acts.open();
    await world.slots(70);
    await acts.prove();
    const nav = navOf(await acts.finish());
    expect(nav).toBe(cash - owed + truth(block, [one, two]));
    expect(world.beacon.balances[acts.index(two)]).toBeLessThan(1e9);
    const rate = await acts.rate();
    await acts.checkpoint();
    expect(await acts.rate()).toBeGreaterThanOrEqual(rate);
  });
});
