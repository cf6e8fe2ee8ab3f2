import { parseEth } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withHeadroom } from '../src/act/send.ts';
import {
  compoundingCredentials,
  deposit,
  depositDataRoot,
  type Pool,
  PoolRevertError,
  postBond,
  predeposit,
  register,
  requestConsolidation,
  send,
  settle,
  startCheckpoint,
  takeBond,
  waitFor,
} from '../src/index.ts';
import { Life } from './life-kit.ts';

let life: Life;
const ETH = parseEth('1');
beforeAll(async () => {
  life = await Life.start();
});
afterAll(() => life?.close());

test('a refusal names the error and its arguments, and nothing is sent', async () => {
  const { staker, kit } = life;
  const nonce = await kit.publicClient.getTransactionCount({ address: kit.address(2) });
  const refused = await settle(staker, { ordinal: 7 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(PoolRevertError);
  expect(refused).toMatchObject({
    errorName: 'SlashingStatusWrong',
    args: { ordinal: 7, status: 0 },
    functionName: 'settle',
  });
  expect((refused as Error).message).toContain('docs/errors.md');
  await expect(
    requestConsolidation(staker, { source: 1, sourcePubkey: '0x', target: 2, targetPubkey: '0x' }),
  ).rejects.toMatchObject({ errorName: 'StatusWrong' });
  expect(await kit.publicClient.getTransactionCount({ address: kit.address(2) })).toBe(nonce);
});

test('a pool without a wallet simulates but does not send', async () => {
  const { kit, pool } = life;
  const { walletClient: _, ...readOnly } = pool;
  const parameters = { assets: ETH, receiver: kit.address(2) };
  await expect(deposit(readOnly, parameters)).rejects.toMatchObject({ code: 'POOL_WALLET' });
  const dry = await deposit(readOnly, parameters, { dryRun: true, account: kit.address(2) });
  expect(dry).toMatchObject({ hash: null, receipt: null, result: ETH });
  expect(dry.gasLimit).toBe(withHeadroom(dry.gasEstimate));
  await expect(deposit(readOnly, parameters, { account: kit.address(2) })).rejects.toMatchObject({
    code: 'POOL_WALLET',
  });
});

test('two start one checkpoint: the loser learns why its transaction reverted', async () => {
  const { kit, pool } = life;
  const rival: Pool = { ...pool, walletClient: kit.wallet(3) };
  const [a, b] = [await startCheckpoint(pool, { wait: false }), await startCheckpoint(rival, { wait: false })];
  await kit.devnet.step();
  const waiting = [a, b].map(({ hash }) => waitFor(pool, { hash: hash!, functionName: 'startCheckpoint' }));
  const outcomes = await Promise.allSettled(waiting);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const lost = outcomes.find((outcome) => outcome.status === 'rejected')!;
  expect(lost.reason).toMatchObject({ code: 'POOL_REVERT', functionName: 'startCheckpoint' });
});

test('a call over the transaction cap is refused before it is sent', async () => {
  const { addresses } = life.pool.manifest;
  const abi = [{ type: 'function', name: 'burn', stateMutability: 'nonpayable', inputs: [], outputs: [] }] as const;
  const heavy = {
    ...life.pool,
    publicClient: { ...life.kit.publicClient, call: async () => ({}), estimateGas: async () => 16_777_217n },
  };
  await expect(
    send(heavy as unknown as Pool, { address: addresses.vault, abi, functionName: 'burn', args: [] }),
  ).rejects.toMatchObject({
    code: 'POOL_GAS',
  });
  expect(withHeadroom(16_000_000n)).toBe(16_777_216n);
});

test('an operator takes back what is free, and cannot offer a garbled deposit', async () => {
  const { kit, operator } = life;
  const { result: operatorId } = await life.do(register(operator, { name: 'One' }));
  await life.do(postBond(operator, { operatorId, amount: 50n * ETH }));
  await life.do(takeBond(operator, { operatorId, amount: 10n * ETH, to: kit.address(1) }));
  expect((await life.snapshot()).operators).toMatchObject([
    { id: 1, name: 'One', bond: 40n * ETH, bondFree: 40n * ETH },
  ]);
  const pubkey = `0x${'11'.repeat(48)}` as const;
  const signature = `0x${'22'.repeat(96)}` as const;
  const root = depositDataRoot({
    pubkey,
    signature,
    amount: 10n ** 9n,
    withdrawalCredentials: compoundingCredentials(life.pool.manifest.addresses.vault),
  });
  const offer = { operatorId, pubkey, signature };
  await expect(
    predeposit(operator, { ...offer, depositDataRoot: pubkey.slice(0, 66) as `0x${string}` }),
  ).rejects.toMatchObject({
    errorName: 'Error',
    args: { message: expect.stringContaining('DepositContract') },
  });
  expect((await predeposit(operator, { ...offer, depositDataRoot: root }, { dryRun: true })).result).toBe(1);
});
