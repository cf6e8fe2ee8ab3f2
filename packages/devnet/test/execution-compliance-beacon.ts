import { type Hex, parseEth, WEI_PER_GWEI } from '@holdfast/units';
import { concat, encodeFunctionData, numberToHex, parseAbi } from 'viem';
import { expect, it } from 'vitest';
import { ExecutionRpcError } from '../src/execution/errors.ts';
import {
  BEACON_ROOTS_ADDRESS,
  CONSOLIDATION_REQUEST_ADDRESS,
  DEPOSIT_CONTRACT_ADDRESS,
  WITHDRAWAL_REQUEST_ADDRESS,
} from '../src/execution/system-contracts.ts';
import type { ExecutionBench } from './execution-compliance.ts';
import { bytesOf, depositDataRoot, rootOf, SECONDS_PER_SLOT } from './execution-kit.ts';

const DEPOSIT_ABI = parseAbi([
  'function deposit(bytes pubkey, bytes withdrawal_credentials, bytes signature, bytes32 deposit_data_root) payable',
  'event DepositEvent(bytes pubkey, bytes withdrawal_credentials, bytes amount, bytes signature, bytes index)',
]);
/** What the beacon chain and the execution layer say to each other. Runs on a chain that has just begun. */
export function beaconCompliance(bench: ExecutionBench): void {
  it('has the request contracts inhibited until their first system call (EIP-7002, EIP-7251)', async () => {
    await expect(bench.feeOf(WITHDRAWAL_REQUEST_ADDRESS)).rejects.toThrow(ExecutionRpcError);
    await expect(bench.feeOf(CONSOLIDATION_REQUEST_ADDRESS)).rejects.toThrow(ExecutionRpcError);
    await bench.driver.next();
    expect(await bench.feeOf(WITHDRAWAL_REQUEST_ADDRESS)).toBe(1n);
    expect(await bench.feeOf(CONSOLIDATION_REQUEST_ADDRESS)).toBe(1n);
  });

  it('reports deposits as DepositRequests (EIP-6110), logs included', async () => {
    const deposit = {
      pubkey: bytesOf(0xa1, 48),
      withdrawalCredentials: bytesOf(0x02, 32),
      amount: 32_000_000_000n,
      signature: bytesOf(0xb2, 96),
    };
    const data = encodeFunctionData({
      abi: DEPOSIT_ABI,
      functionName: 'deposit',
      args: [deposit.pubkey, deposit.withdrawalCredentials, deposit.signature, depositDataRoot(deposit)],
    });
    const send = () =>
      bench.clients.wallet.sendTransaction({
        to: DEPOSIT_CONTRACT_ADDRESS,
        value: parseEth('32'),
        data,
        gas: 200_000n,
      });
    await send();
    const { sealed, receipt } = await bench.seals(send());
    expect(receipt.status).toBe('success');
    expect(sealed.requests.deposits).toEqual([
      { ...deposit, index: 0n },
      { ...deposit, index: 1n },
    ]);
    const range = { fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber };
    const logs = await bench.clients.reader.getLogs({
      address: DEPOSIT_CONTRACT_ADDRESS,
      event: DEPOSIT_ABI[1],
      ...range,
    });
    expect(logs.map((log) => log.args.pubkey)).toEqual([deposit.pubkey, deposit.pubkey]);
    expect((await bench.driver.next()).requests.deposits).toEqual([]);
  });

  it('answers the beacon root of a timestamp, and reverts for one without a block (EIP-4788)', async () => {
    await bench.driver.next([], 1);
    const { timestamp } = await bench.port.head();
    const ask = (time: number) =>
      bench.port.rpc('eth_call', [{ to: BEACON_ROOTS_ADDRESS, data: numberToHex(time, { size: 32 }) }, 'latest']);
    expect(await ask(timestamp)).toBe(rootOf(`beacon ${bench.driver.slot - 1}`));
    expect(await ask(timestamp - 2 * SECONDS_PER_SLOT)).toBe(rootOf(`beacon ${bench.driver.slot - 3}`));
    await expect(ask(timestamp - SECONDS_PER_SLOT)).rejects.toThrow(ExecutionRpcError);
  });

  it('queues, prices and hands over withdrawal requests (EIP-7002)', async () => {
    const request = (fill: number, amount: bigint) =>
      bench.clients.wallet.sendTransaction({
        to: WITHDRAWAL_REQUEST_ADDRESS,
        data: concat([bytesOf(fill, 48), numberToHex(amount, { size: 8 })]),
        value: 1n,
        gas: 200_000n,
      });
    const expected = Array.from({ length: 20 }, (_, n) => ({
      sourceAddress: bench.clients.alice.address.toLowerCase(),
      validatorPubkey: bytesOf(n + 1, 48),
      amount: BigInt(n) * 1_000_000n,
    }));
    for (const { amount } of expected) await request(Number(amount / 1_000_000n) + 1, amount);
    const first = await bench.driver.next();
    // MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD on every network, whatever the beacon chain's preset.
    expect(first.requests.withdrawals).toEqual(expected.slice(0, 16));
    // Excess 20 − 2 makes the fee floor(e^(18/17)) = 2.
    expect(await bench.feeOf(WITHDRAWAL_REQUEST_ADDRESS)).toBe(2n);
    expect((await bench.driver.next()).requests.withdrawals).toEqual(expected.slice(16));
    expect((await bench.driver.next()).requests.withdrawals).toEqual([]);
    for (let blocks = 0; blocks < 8; blocks += 1) await bench.driver.next();
    expect(await bench.feeOf(WITHDRAWAL_REQUEST_ADDRESS)).toBe(1n);
  });

  it('refuses a withdrawal request below the fee', async () => {
    const data = concat([bytesOf(7, 48), numberToHex(0n, { size: 8 })]);
    const { sealed, receipt } = await bench.seals(
      bench.clients.wallet.sendTransaction({ to: WITHDRAWAL_REQUEST_ADDRESS, data, value: 0n, gas: 200_000n }),
    );
    expect(receipt.status).toBe('reverted');
    expect(sealed.requests.withdrawals).toEqual([]);
  });

  it('hands over consolidation requests, two a block (EIP-7251)', async () => {
    for (const fill of [1, 2, 3]) {
      const data = concat([bytesOf(fill, 48), bytesOf(fill + 100, 48)]);
      const value = 1n;
      await bench.clients.wallet.sendTransaction({ to: CONSOLIDATION_REQUEST_ADDRESS, data, value, gas: 200_000n });
    }
    const expected = [1, 2, 3].map((fill) => ({
      sourceAddress: bench.clients.alice.address.toLowerCase(),
      sourcePubkey: bytesOf(fill, 48),
      targetPubkey: bytesOf(fill + 100, 48),
    }));
    expect((await bench.driver.next()).requests.consolidations).toEqual(expected.slice(0, 2));
    expect((await bench.driver.next()).requests.consolidations).toEqual(expected.slice(2));
    expect((await bench.driver.next()).requests.consolidations).toEqual([]);
  });

  it('credits withdrawals to the gwei, visible from their block on and not before (EIP-4895)', async () => {
    const address: Hex = '0x00000000000000000000000000000000000c0ffe';
    const amounts = [1n, 31_999_999_999n];
    const { payload } = await bench.driver.next(
      amounts.map((amount, n) => ({ index: BigInt(n), validatorIndex: BigInt(n + 7), address, amount })),
    );
    const credited = 32_000_000_000n * WEI_PER_GWEI;
    expect(payload.withdrawals.map(({ amount }) => amount)).toEqual(amounts);
    expect(await bench.clients.reader.getBalance({ address })).toBe(credited);
    const block = await bench.clients.reader.getBlock({ blockNumber: BigInt(payload.blockNumber) });
    expect(block.withdrawals).toMatchObject([
      { index: '0x0', validatorIndex: '0x7', amount: '0x1' },
      { index: '0x1', validatorIndex: '0x8', amount: numberToHex(31_999_999_999n) },
    ]);
    await bench.driver.next();
    const at = (blockNumber: number) => bench.clients.reader.getBalance({ address, blockNumber: BigInt(blockNumber) });
    expect(await at(payload.blockNumber)).toBe(credited);
    expect(await at(payload.blockNumber - 1)).toBe(0n);
  });

  it('lets the next block spend what a withdrawal credited', async () => {
    const { bob, wallet, reader } = bench.clients;
    const before = await reader.getBalance(bob);
    const gwei = before / WEI_PER_GWEI;
    await bench.driver.next([{ index: 9n, validatorIndex: 1n, address: bob.address, amount: gwei }]);
    const value = before + parseEth('1');
    const { receipt } = await bench.seals(wallet.sendTransaction({ account: bob, to: wallet.account.address, value }));
    expect(receipt.status).toBe('success');
  });

  it('moves the tags safe and finalized when told', async () => {
    const { payload } = await bench.driver.next();
    const { payload: next } = await bench.driver.next();
    await bench.port.markFinality({ safeBlockHash: next.blockHash, finalizedBlockHash: payload.blockHash });
    await bench.driver.next();
    const numberOf = async (blockTag: 'safe' | 'finalized') =>
      Number((await bench.clients.reader.getBlock({ blockTag })).number);
    expect(await numberOf('finalized')).toBe(payload.blockNumber);
    expect(await numberOf('safe')).toBe(next.blockNumber);
  });
}
