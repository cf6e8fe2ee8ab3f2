import { encodeFunctionData, parseAbi } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  BEACON_ROOTS_ADDRESS,
  createEdrExecution,
  DEPOSIT_CONTRACT_ADDRESS,
  Devnet,
  devAccounts,
  type ExecutionPort,
  makeDepositData,
  WITHDRAWAL_REQUEST_ADDRESS,
  withdrawalCredentials,
} from '../src/index.ts';
import { ETH, secretKey } from './devnet-kit.ts';

const DEPOSIT = parseAbi(['function deposit(bytes pubkey, bytes credentials, bytes signature, bytes32 root) payable']);
const GENESIS_TIME = 1_800_000_000;
const owner = devAccounts(1)[0]!.address;

let execution: ExecutionPort;
let devnet: Devnet;

beforeAll(async () => {
  execution = await createEdrExecution({ genesisTime: GENESIS_TIME });
  devnet = await Devnet.create({ execution, validators: 32 });
});
afterAll(() => devnet.close());

const send = (to: string, data: string, value: bigint) =>
  execution.rpc('eth_sendTransaction', [{ from: owner, to, data, value: `0x${value.toString(16)}`, gas: '0x7a120' }]);
const call = (to: string, data: string) => execution.rpc('eth_call', [{ to, data }, 'latest']) as Promise<string>;
const weiOf = async (address: string) => BigInt((await execution.rpc('eth_getBalance', [address, 'latest'])) as string);

test('a deposit to the contract becomes a validator; its owner exits it by EIP-7002 and is paid', async () => {
  const credentials = withdrawalCredentials('0x02', owner.toLowerCase() as `0x${string}`);
  const amount = 33n * BigInt(ETH);
  const deposit = makeDepositData({ secretKey: secretKey(1), withdrawalCredentials: credentials, amount });
  const args = [deposit.pubkey, credentials, deposit.signature, deposit.depositDataRoot] as const;
  devnet.addKeys([secretKey(1)]);
  await send(DEPOSIT_CONTRACT_ADDRESS, encodeFunctionData({ abi: DEPOSIT, args }), amount * 1_000_000_000n);
  await devnet.stepUntil(() => devnet.indexOf(deposit.pubkey) !== null, 100);
  const index = devnet.indexOf(deposit.pubkey)!;
  const validator = () => devnet.state.validators.getReadonly(index);
  await devnet.stepUntil(() => validator().activationEpoch + 2 <= devnet.epoch, 150);

  const fee = BigInt(await call(WITHDRAWAL_REQUEST_ADDRESS, '0x'));
  await send(WITHDRAWAL_REQUEST_ADDRESS, `${deposit.pubkey}${'00'.repeat(8)}`, fee);
  await devnet.stepUntil(() => validator().exitEpoch !== Number.POSITIVE_INFINITY, 3);
  const before = await weiOf(owner);
  await devnet.stepUntil(() => devnet.state.balances.get(index) === 0, 200);
  const paid = (await weiOf(owner)) - before;
  expect(paid).toBeGreaterThan(33n * 10n ** 18n);
  expect(paid % 1_000_000_000n).toBe(0n);
}, 120_000);

test('EIP-4788 gives the parent beacon root, the last one before a missed slot too', async () => {
  const rootAt = async (slot: number) => {
    const timestamp = GENESIS_TIME + slot * 12;
    return call(BEACON_ROOTS_ADDRESS, `0x${timestamp.toString(16).padStart(64, '0')}`);
  };
  const last = devnet.chain.head.root;
  await devnet.step();
  expect(await rootAt(devnet.slot)).toBe(last);
  // Proposers are known to the end of the epoch.
  await devnet.stepUntil(() => devnet.slot % 8 < 6, 8);
  const parent = devnet.chain.head;
  const next = devnet.state.epochCtx.getBeaconProposer(devnet.slot + 1);
  await devnet.inject({ kind: 'offline', validators: [next], forSlots: 1 });
  const [missed, made] = await devnet.step(2);
  expect(missed!.missed).toBe('offline');
  await expect(rootAt(missed!.slot)).rejects.toThrow();
  expect(made!.root).not.toBeNull();
  expect(await rootAt(made!.slot)).toBe(parent.root);
});

test('both layers go back together', async () => {
  const snapshot = await devnet.snapshot();
  const before = await weiOf(owner);
  const block = await execution.head();
  await send(`0x${'12'.repeat(20)}`, '0x', 10n ** 18n);
  await devnet.step(3);
  const root = devnet.chain.head.root;
  expect(await weiOf(owner)).toBeLessThan(before);
  await devnet.restore(snapshot);
  expect(await weiOf(owner)).toBe(before);
  expect(await execution.head()).toEqual(block);
  await devnet.step(3);
  expect(devnet.chain.head.root).not.toBe(root);
});
