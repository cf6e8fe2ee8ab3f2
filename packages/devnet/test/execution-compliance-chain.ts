import { type Hex, parseEth, sameHex } from '@holdfast/units';
import { numberToHex, parseTransaction } from 'viem';
import { expect, it } from 'vitest';
import { ExecutionRpcError, ExecutionUnsupportedError } from '../src/execution/errors.ts';
import { CALL_GAS_CAP } from '../src/execution/gas-cap.ts';
import { TRANSACTION_GAS_CAP } from '../src/execution/system-contracts.ts';
import type { ExecutionBench } from './execution-compliance.ts';
import { FEE_RECIPIENT, GENESIS_TIME, rootOf, SECONDS_PER_SLOT } from './execution-kit.ts';

/** Constructor of a contract that returns 42 to everything. */
const DEPLOY_ANSWER: Hex = '0x69602a60005260206000f3600052600a6016f3';
/** Constructor of a contract that reverts with `0xdeadbeef`. */
const DEPLOY_REVERTER: Hex = '0x6c63deadbeef6000526004601cfd600052600d6013f3';

/** Constructor of a contract that returns the time. */
const DEPLOY_CLOCK: Hex = '0x684260005260206000f360005260096017f3';
/** Constructor of a contract that returns the gas it was called with. */
const DEPLOY_GASOMETER: Hex = '0x685a60005260206000f360005260096017f3';

/** Blocks, transactions, the pool and what a wallet asks: an execution layer without a beacon chain in sight. */
export function chainCompliance(bench: ExecutionBench, snapshots: boolean): void {
  it('starts at a genesis block of the given time, with funded accounts', async () => {
    const { alice, reader } = bench.clients;
    expect(Number((await reader.getBlock({ blockNumber: 0n })).timestamp)).toBe(GENESIS_TIME);
    expect(await reader.getBalance({ address: alice.address, blockNumber: 0n })).toBe(parseEth('100000'));
    expect(await reader.getChainId()).toBe(bench.port.chainId);
  });

  it('seals an empty block with what the beacon side asked for', async () => {
    const before = await bench.port.head();
    const { payload, requests } = await bench.driver.next();
    expect(payload).toMatchObject({
      parentHash: before.blockHash,
      blockNumber: before.blockNumber + 1,
      timestamp: GENESIS_TIME + bench.driver.slot * SECONDS_PER_SLOT,
      prevRandao: rootOf(`randao ${bench.driver.slot}`),
      transactions: [],
      withdrawals: [],
      gasUsed: 0n,
      gasLimit: 60_000_000n,
    });
    expect(sameHex(payload.feeRecipient, FEE_RECIPIENT)).toBe(true);
    expect(requests).toEqual({ deposits: [], withdrawals: [], consolidations: [] });
    const block = await bench.clients.reader.getBlock();
    expect(block.hash).toBe(payload.blockHash);
    expect(block.parentBeaconBlockRoot).toBe(rootOf(`beacon ${bench.driver.slot - 1}`));
    expect(await bench.port.head()).toMatchObject({ blockHash: payload.blockHash, blockNumber: payload.blockNumber });
  });

  it('lowers the base fee by an eighth after an empty block (EIP-1559)', async () => {
    const parent = (await bench.driver.next()).payload.baseFeePerGas;
    const { baseFeePerGas } = (await bench.driver.next()).payload;
    expect(baseFeePerGas).toBe(parent - parent / 8n);
  });

  it('refuses a block that is not younger than its parent, and goes on', async () => {
    bench.driver.slot -= 1;
    await expect(bench.driver.next()).rejects.toMatchObject({ code: 'EXECUTION_BAD_ATTRIBUTES' });
    await bench.driver.next();
  });

  it('moves ether and gives the transaction back as EIP-2718 bytes', async () => {
    const before = await bench.clients.reader.getBalance(bench.clients.bob);
    const { sealed, receipt } = await bench.seals(
      bench.clients.wallet.sendTransaction({ to: bench.clients.bob.address, value: parseEth('1') }),
    );
    expect(receipt.status).toBe('success');
    expect(receipt.blockHash).toBe(sealed.payload.blockHash);
    expect(await bench.clients.reader.getBalance(bench.clients.bob)).toBe(before + parseEth('1'));
    expect(sealed.payload.transactions).toHaveLength(1);
    const raw = sealed.payload.transactions[0];
    expect(raw && parseTransaction(raw as `0x02${string}`)).toMatchObject({ value: parseEth('1'), type: 'eip1559' });
    expect(await bench.clients.reader.getBalance({ address: FEE_RECIPIENT })).toBeGreaterThan(0n);
  });

  it('deploys a contract and calls it', async () => {
    const { receipt } = await bench.seals(bench.clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_ANSWER }));
    const to = receipt.contractAddress;
    expect(to).toBeTruthy();
    expect((await bench.clients.reader.call({ to: to ?? '0x' })).data).toBe(numberToHex(42, { size: 32 }));
  });

  it('lets time stand still between blocks', async () => {
    const { receipt } = await bench.seals(bench.clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_CLOCK }));
    const { timestamp } = await bench.driver.port.head();
    const shown = async (tag: string) =>
      Number(await bench.port.rpc('eth_call', [{ to: receipt.contractAddress }, tag]));
    expect(await shown('latest')).toBe(timestamp);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await shown('latest')).toBe(timestamp);
    expect(await shown('pending')).toBe(timestamp);
  });

  it('lets a call use more gas than a transaction may carry, within the cap of a node', async () => {
    const { receipt } = await bench.seals(bench.clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_GASOMETER }));
    const gasOf = async (gas?: Hex) =>
      BigInt(
        (await bench.port.rpc('eth_call', [{ to: receipt.contractAddress, ...(gas ? { gas } : {}) }, 'latest'])) as Hex,
      );
    const near = (expected: bigint) => ({ from: expected - 60_000n, to: expected });
    for (const [asked, expected] of [
      [undefined, near(CALL_GAS_CAP)],
      [numberToHex(30_000_000n), near(30_000_000n)],
      [numberToHex(10n ** 12n), near(CALL_GAS_CAP)],
    ] as const) {
      const gas = await gasOf(asked);
      expect(gas).toBeGreaterThan(expected.from);
      expect(gas).toBeLessThanOrEqual(expected.to);
    }
  });

  it('gives the revert data of a call, an estimate and a mined transaction', async () => {
    const { receipt } = await bench.seals(bench.clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_REVERTER }));
    const call = { to: receipt.contractAddress, from: bench.clients.alice.address };
    for (const method of ['eth_call', 'eth_estimateGas']) {
      await expect(bench.port.rpc(method, [call, 'latest'])).rejects.toMatchObject({
        rpcCode: 3,
        rpcData: '0xdeadbeef',
      });
    }
    const to = receipt.contractAddress ?? '0x';
    const failed = await bench.seals(bench.clients.wallet.sendTransaction({ to, gas: 100_000n }));
    expect(failed.receipt.status).toBe('reverted');
  });

  it('orders by fee and keeps a transaction behind a nonce gap until the gap closes', async () => {
    const { alice, bob, wallet, reader } = bench.clients;
    const nonce = await reader.getTransactionCount({ ...alice, blockTag: 'pending' });
    const late = await wallet.sendTransaction({ to: bob.address, nonce: nonce + 1, gas: 21_000n });
    expect((await bench.driver.next()).payload.transactions).toEqual([]);
    await expect(reader.getTransactionReceipt({ hash: late })).rejects.toThrow();
    await wallet.sendTransaction({ to: bob.address, nonce, gas: 21_000n });
    const rich = await wallet.sendTransaction({
      account: bob,
      to: alice.address,
      gas: 21_000n,
      maxPriorityFeePerGas: 5_000_000_000n,
      maxFeePerGas: 50_000_000_000n,
    });
    const { payload } = await bench.driver.next();
    expect(payload.transactions).toHaveLength(3);
    expect(await reader.getTransactionReceipt({ hash: rich })).toMatchObject({ transactionIndex: 0 });
    expect(await reader.getTransactionReceipt({ hash: late })).toMatchObject({ transactionIndex: 2 });
  });

  it('refuses a transaction above the gas cap (EIP-7825)', async () => {
    const gas = TRANSACTION_GAS_CAP + 1n;
    await expect(bench.clients.wallet.sendTransaction({ to: bench.clients.bob.address, gas })).rejects.toThrow(
      /gas|cap/i,
    );
    const allowed = await bench.seals(
      bench.clients.wallet.sendTransaction({ to: bench.clients.bob.address, gas: gas - 1n }),
    );
    expect(allowed.receipt.status).toBe('success');
  });

  it('refuses a replayed nonce, an empty purse and garbage', async () => {
    const { bob, wallet } = bench.clients;
    await expect(wallet.sendTransaction({ to: bob.address, nonce: 0, gas: 21_000n })).rejects.toThrow(/nonce/i);
    const value = parseEth('200000');
    await expect(wallet.sendTransaction({ to: bob.address, value, gas: 21_000n })).rejects.toThrow(/fund|balance/i);
    await expect(bench.port.rpc('eth_sendRawTransaction', ['0x1234'])).rejects.toThrow(ExecutionRpcError);
    await expect(bench.port.rpc('eth_nonsense', [])).rejects.toMatchObject({ rpcCode: -32601 });
  });

  it('signs for the dev accounts, numbering a burst of transactions in turn', async () => {
    const from = bench.clients.alice.address;
    expect(await bench.port.rpc('eth_accounts', [])).toContain(from.toLowerCase());
    const request = { from, to: bench.clients.bob.address, value: '0x1' };
    const hashes = await Promise.all([1, 2, 3].map(() => bench.port.rpc('eth_sendTransaction', [request])));
    expect(new Set(hashes).size).toBe(3);
    expect((await bench.driver.next()).payload.transactions).toHaveLength(3);
    const stranger = { ...request, from: FEE_RECIPIENT };
    await expect(bench.port.rpc('eth_sendTransaction', [stranger])).rejects.toThrow(/unknown account/);
  });

  it('serves what a wallet asks before it sends', async () => {
    const { alice, bob, reader } = bench.clients;
    const estimate = await reader.estimateGas({ account: alice, to: bob.address, value: 1n });
    // Estimates are found by bisection: never short, never far off.
    expect(estimate).toBeGreaterThanOrEqual(21_000n);
    expect(estimate).toBeLessThan(21_500n);
    expect(await reader.estimateMaxPriorityFeePerGas()).toBeGreaterThan(0n);
    const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] });
    expect(history.baseFeePerGas).toHaveLength(3);
    const fees = await reader.estimateFeesPerGas();
    expect(fees.maxFeePerGas).toBeGreaterThan(fees.maxPriorityFeePerGas);
    expect(await reader.getGasPrice()).toBeGreaterThan(0n);
  });

  it('drafts a block, and drops it without a trace or adopts it', async () => {
    const { alice, bob, wallet, reader } = bench.clients;
    const nonce = await reader.getTransactionCount({ ...alice, blockTag: 'pending' });
    const first = await wallet.sendTransaction({ to: bob.address, value: 5n, nonce, gas: 21_000n });
    const head = await bench.port.head();
    const dropped = await bench.driver.draft();
    expect(dropped.sealed.payload.transactions).toHaveLength(1);
    // Sent while the draft stands; it must not be lost with it.
    const second = await wallet.sendTransaction({ to: bob.address, value: 6n, nonce: nonce + 1, gas: 21_000n });
    await dropped.drop();
    expect(await bench.port.head()).toEqual(head);
    expect(await reader.getTransactionCount(alice)).toBe(nonce);
    const adopted = await bench.driver.draft();
    expect(adopted.sealed.payload.parentHash).toBe(head.blockHash);
    expect(adopted.sealed.payload.transactions).toHaveLength(2);
    await adopted.adopt();
    expect((await bench.port.head()).blockHash).toBe(adopted.sealed.payload.blockHash);
    for (const hash of [first, second]) expect((await reader.getTransactionReceipt({ hash })).status).toBe('success');
    expect((await bench.driver.next()).payload.parentHash).toBe(adopted.sealed.payload.blockHash);
  });

  it.runIf(snapshots)('comes back to a mark, its pool and its history, as often as asked', async () => {
    const { alice, bob, wallet, reader } = bench.clients;
    const nonce = await reader.getTransactionCount({ ...alice, blockTag: 'pending' });
    const waiting = await wallet.sendTransaction({ to: bob.address, value: 5n, nonce, gas: 21_000n });
    const [mark, head, slot] = [await bench.port.snapshot(), await bench.port.head(), bench.driver.slot];
    const states: Hex[] = [];
    for (let round = 0; round < 2; round += 1) {
      await bench.driver.next([{ index: 0n, validatorIndex: 0n, address: bob.address, amount: 1n }]);
      const later = await bench.port.snapshot();
      expect((await reader.getTransactionReceipt({ hash: waiting })).status).toBe('success');
      states.push((await bench.driver.next()).payload.stateRoot);
      await bench.port.restore(mark);
      await expect(bench.port.restore(later)).rejects.toMatchObject({ code: 'EXECUTION_BAD_DATA' });
      bench.driver.slot = slot;
      expect(await bench.port.head()).toEqual(head);
      expect(await reader.getTransactionCount(alice)).toBe(nonce);
    }
    expect(states[0]).toBe(states[1]);
    expect((await bench.driver.next()).payload.transactions).toHaveLength(1);
  });

  it.runIf(!snapshots)('says that it cannot take a snapshot', async () => {
    await expect(bench.port.snapshot()).rejects.toThrow(ExecutionUnsupportedError);
    await expect(bench.port.restore('x')).rejects.toThrow(ExecutionUnsupportedError);
  });
}
