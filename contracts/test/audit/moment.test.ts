import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER, navOf, recordOf } from '../support/pool-acts.ts';
import { COMPILING, ETH, GWEI, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
let world: World;
let acts: Acts;

beforeAll(() => poolCode(), COMPILING);
beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 100n);
});

describe('the frozen moment, attacked', () => {
  it('who sees a slashing coming and asks just before it is not paid before it can be shown', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER, 4n));
    await acts.checkpoint();
    await world.slots(10);
    const { ledger, queue, enforcer } = world.pool;
    await world.send(ALICE, queue, 'requestWithdrawal', [50n * ETH, ALICE]);
    const asked = await acts.rate();
    // Block C holds the slashing, and the start of the checkpoint that does not know it yet.
    await world.begin();
    world.beacon.slash(acts.index(ordinal));
    await acts.start();
    const block = await acts.frozenBlock();
    const proofs = [acts.openArgs(block), acts.proveArgs(await acts.live(), block)];
    const landed = acts.resolveCall(ordinal, await recordOf(world, ordinal), block);
    expect(landed).toBeUndefined();
    await world.begin();
    await world.queue(ALICE, ledger, 'openCheckpoint', proofs[0]);
    await world.queue(ALICE, ledger, 'proveBalances', proofs[1]);
    await world.queue(ALICE, ledger, 'finishCheckpoint');
    await world.queue(ALICE, queue, 'finalize', [10n]);
    const shown = [ordinal, world.stateProof(), world.validatorProof(acts.index(ordinal))];
    await world.queue(KEEPER, enforcer, 'proveSlashing', shown);
    const { receipts } = await world.slot();
    expect(receipts.map(({ status }) => status)).toEqual(['0x1', '0x1', '0x0', '0x1', '0x1']);
    await acts.finish();
    const [paid] = (await world.send(ALICE, queue, 'finalize', [10n])).events.filter(
      ({ name }) => name === 'WithdrawalsFinalized',
    );
    expect(paid!.args.rate as bigint).toBeLessThan(asked);
  });

  it('a checkpoint cannot start and finish within one block', async () => {
    const { ledger } = world.pool;
    const { parent } = await world.begin();
    await world.queue(KEEPER, ledger, 'startCheckpoint');
    await world.queue(KEEPER, ledger, 'openCheckpoint', acts.openArgs(parent));
    await world.queue(KEEPER, ledger, 'finishCheckpoint');
    const { receipts } = await world.slot();
    expect(receipts.map(({ status }) => status)).toEqual(['0x1', '0x1', '0x0']);
    expect(await world.refusal(KEEPER, ledger, 'finishCheckpoint')).toBe('CheckpointTooSoon');
    await world.slot();
    await acts.finish();
  });

  it('the list of pending deposits is shown in parts when a validator with a landed deposit is leaving', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER));
    const index = acts.index(ordinal);
    world.beacon.exit(index);
    const stranger = `0x${'99'.repeat(48)}` as const;
    for (let n = 0; n < 5; n += 1) {
      const credentials = `0x01${'00'.repeat(11)}${'88'.repeat(20)}` as const;
      world.beacon.deposit({ pubkey: stranger, credentials, amount: 1e9 + n, signature: `0x${'00'.repeat(96)}` });
    }
    await world.slot();
    await acts.start();
    await acts.open();
    const block = await acts.frozenBlock();
    expect(block.pending.length).toBe(5);
    const proof = world.validatorProof(index, { timestamp: 0, block });
    const part = (from: number, count: number) => [ordinal, proof, world.pendingRun(from, count, block)];
    const { ledger } = world.pool;
    expect(await world.refusal(KEEPER, ledger, 'resolveLanded', part(2, 3))).toBe('DepositNotShownLanded');
    await world.send(KEEPER, ledger, 'resolveLanded', part(0, 2));
    expect((await recordOf(world, ordinal)).inFlightGwei).toBe(31e9);
    // Going back to the front loses nothing of what was shown.
    await world.send(ALICE, ledger, 'resolveLanded', part(0, 1));
    const sealed = await world.send(KEEPER, ledger, 'resolveLanded', part(2, 3));
    expect(sealed.events.some(({ name }) => name === 'DepositLanded')).toBe(true);
    await acts.prove();
    expect(navOf(await acts.finish())).toBe(69n * ETH + BigInt(block.balances[index]!) * GWEI);
  });
});
