import { type Hex, parseEth, sameHex, WEI_PER_GWEI } from '@holdfast/units';
import { concat, encodeFunctionData, numberToHex, parseAbi, parseTransaction } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExecutionRpcError, ExecutionUnsupportedError } from '../src/execution/errors.ts';
import { CALL_GAS_CAP } from '../src/execution/gas-cap.ts';
import type { ExecutionPort } from '../src/execution/port.ts';
import {
  BEACON_ROOTS_ADDRESS,
  CONSOLIDATION_REQUEST_ADDRESS,
  DEPOSIT_CONTRACT_ADDRESS,
  TRANSACTION_GAS_CAP,
  WITHDRAWAL_REQUEST_ADDRESS,
} from '../src/execution/system-contracts.ts';
import {
  bytesOf,
  clientsOf,
  depositDataRoot,
  FEE_RECIPIENT,
  GENESIS_TIME,
  rootOf,
  SECONDS_PER_SLOT,
  SlotDriver,
} from './execution-kit.ts';

const DEPOSIT_ABI = parseAbi([
  'function deposit(bytes pubkey, bytes withdrawal_credentials, bytes signature, bytes32 deposit_data_root) payable',
  'event DepositEvent(bytes pubkey, bytes withdrawal_credentials, bytes amount, bytes signature, bytes index)',
]);
/** Constructor of a contract that returns 42 to everything. */
const DEPLOY_ANSWER: Hex = '0x69602a60005260206000f3600052600a6016f3';
/** Constructor of a contract that reverts with `0xdeadbeef`. */
const DEPLOY_REVERTER: Hex = '0x6c63deadbeef6000526004601cfd600052600d6013f3';

/** Constructor of a contract that returns the time. */
const DEPLOY_CLOCK: Hex = '0x684260005260206000f360005260096017f3';
/** Constructor of a contract that returns the gas it was called with. */
const DEPLOY_GASOMETER: Hex = '0x685a60005260206000f360005260096017f3';

export interface ComplianceOptions {
  readonly snapshots: boolean;
}

/** What every execution adapter must do alike. Each adapter's own test file calls this once. */
export function describeExecutionCompliance(
  name: string,
  create: () => Promise<ExecutionPort>,
  options: ComplianceOptions,
): void {
  describe(`${name} as an execution port`, () => {
    let port: ExecutionPort;
    let driver: SlotDriver;
    let clients: ReturnType<typeof clientsOf>;

    beforeAll(async () => {
      port = await create();
      driver = new SlotDriver(port);
      clients = clientsOf(port);
    });
    afterAll(async () => {
      await port.close();
    });

    const seals = async (hash: Promise<Hex>) => {
      const sent = await hash;
      const sealed = await driver.next();
      return { sealed, receipt: await clients.reader.getTransactionReceipt({ hash: sent }) };
    };

    const feeOf = async (contract: Hex): Promise<bigint> =>
      BigInt((await port.rpc('eth_call', [{ to: contract }, 'latest'])) as Hex);

    it('starts at a genesis block of the given time, with funded accounts', async () => {
      const head = await port.head();
      expect(head).toMatchObject({ blockNumber: 0, timestamp: GENESIS_TIME });
      expect(await clients.reader.getBalance(clients.alice)).toBe(parseEth('100000'));
      expect(await clients.reader.getChainId()).toBe(port.chainId);
    });

    it('has the request contracts inhibited until their first system call (EIP-7002, EIP-7251)', async () => {
      await expect(feeOf(WITHDRAWAL_REQUEST_ADDRESS)).rejects.toThrow(ExecutionRpcError);
      await expect(feeOf(CONSOLIDATION_REQUEST_ADDRESS)).rejects.toThrow(ExecutionRpcError);
      await driver.next();
      expect(await feeOf(WITHDRAWAL_REQUEST_ADDRESS)).toBe(1n);
      expect(await feeOf(CONSOLIDATION_REQUEST_ADDRESS)).toBe(1n);
    });

    it('seals an empty block with what the beacon side asked for', async () => {
      const before = await port.head();
      const { payload, requests } = await driver.next();
      expect(payload).toMatchObject({
        parentHash: before.blockHash,
        blockNumber: before.blockNumber + 1,
        timestamp: GENESIS_TIME + driver.slot * SECONDS_PER_SLOT,
        prevRandao: rootOf(`randao ${driver.slot}`),
        transactions: [],
        withdrawals: [],
        gasUsed: 0n,
        gasLimit: 60_000_000n,
      });
      expect(sameHex(payload.feeRecipient, FEE_RECIPIENT)).toBe(true);
      expect(requests).toEqual({ deposits: [], withdrawals: [], consolidations: [] });
      const block = await clients.reader.getBlock();
      expect(block.hash).toBe(payload.blockHash);
      expect(block.parentBeaconBlockRoot).toBe(rootOf(`beacon ${driver.slot - 1}`));
      expect(await port.head()).toMatchObject({ blockHash: payload.blockHash, blockNumber: payload.blockNumber });
    });

    it('lowers the base fee by an eighth after an empty block (EIP-1559)', async () => {
      const parent = (await driver.next()).payload.baseFeePerGas;
      const { baseFeePerGas } = (await driver.next()).payload;
      expect(baseFeePerGas).toBe(parent - parent / 8n);
    });

    it('refuses a block that is not younger than its parent, and goes on', async () => {
      driver.slot -= 1;
      await expect(driver.next()).rejects.toMatchObject({ code: 'EXECUTION_BAD_ATTRIBUTES' });
      await driver.next();
    });

    it('moves ether and gives the transaction back as EIP-2718 bytes', async () => {
      const before = await clients.reader.getBalance(clients.bob);
      const { sealed, receipt } = await seals(
        clients.wallet.sendTransaction({ to: clients.bob.address, value: parseEth('1') }),
      );
      expect(receipt.status).toBe('success');
      expect(receipt.blockHash).toBe(sealed.payload.blockHash);
      expect(await clients.reader.getBalance(clients.bob)).toBe(before + parseEth('1'));
      expect(sealed.payload.transactions).toHaveLength(1);
      const raw = sealed.payload.transactions[0];
      expect(raw && parseTransaction(raw as `0x02${string}`)).toMatchObject({ value: parseEth('1'), type: 'eip1559' });
      expect(await clients.reader.getBalance({ address: FEE_RECIPIENT })).toBeGreaterThan(0n);
    });

    it('deploys a contract and calls it', async () => {
      const { receipt } = await seals(clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_ANSWER }));
      const to = receipt.contractAddress;
      expect(to).toBeTruthy();
      expect((await clients.reader.call({ to: to ?? '0x' })).data).toBe(numberToHex(42, { size: 32 }));
    });

    it('lets time stand still between blocks', async () => {
      const { receipt } = await seals(clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_CLOCK }));
      const { timestamp } = await driver.port.head();
      const shown = async (tag: string) => Number(await port.rpc('eth_call', [{ to: receipt.contractAddress }, tag]));
      expect(await shown('latest')).toBe(timestamp);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect(await shown('latest')).toBe(timestamp);
      expect(await shown('pending')).toBe(timestamp);
    });

    it('lets a call use more gas than a transaction may carry, within the cap of a node', async () => {
      const { receipt } = await seals(clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_GASOMETER }));
      const gasOf = async (gas?: Hex) =>
        BigInt(
          (await port.rpc('eth_call', [{ to: receipt.contractAddress, ...(gas ? { gas } : {}) }, 'latest'])) as Hex,
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
      const { receipt } = await seals(clients.wallet.deployContract({ abi: [], bytecode: DEPLOY_REVERTER }));
      const call = { to: receipt.contractAddress, from: clients.alice.address };
      for (const method of ['eth_call', 'eth_estimateGas']) {
        await expect(port.rpc(method, [call, 'latest'])).rejects.toMatchObject({ rpcCode: 3, rpcData: '0xdeadbeef' });
      }
      const to = receipt.contractAddress ?? '0x';
      const failed = await seals(clients.wallet.sendTransaction({ to, gas: 100_000n }));
      expect(failed.receipt.status).toBe('reverted');
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
        clients.wallet.sendTransaction({ to: DEPOSIT_CONTRACT_ADDRESS, value: parseEth('32'), data, gas: 200_000n });
      await send();
      const { sealed, receipt } = await seals(send());
      expect(receipt.status).toBe('success');
      expect(sealed.requests.deposits).toEqual([
        { ...deposit, index: 0n },
        { ...deposit, index: 1n },
      ]);
      const range = { fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber };
      const logs = await clients.reader.getLogs({ address: DEPOSIT_CONTRACT_ADDRESS, event: DEPOSIT_ABI[1], ...range });
      expect(logs.map((log) => log.args.pubkey)).toEqual([deposit.pubkey, deposit.pubkey]);
      expect((await driver.next()).requests.deposits).toEqual([]);
    });

    it('answers the beacon root of a timestamp, and reverts for one without a block (EIP-4788)', async () => {
      await driver.next([], 1);
      const { timestamp } = await port.head();
      const ask = (time: number) =>
        port.rpc('eth_call', [{ to: BEACON_ROOTS_ADDRESS, data: numberToHex(time, { size: 32 }) }, 'latest']);
      expect(await ask(timestamp)).toBe(rootOf(`beacon ${driver.slot - 1}`));
      expect(await ask(timestamp - 2 * SECONDS_PER_SLOT)).toBe(rootOf(`beacon ${driver.slot - 3}`));
      await expect(ask(timestamp - SECONDS_PER_SLOT)).rejects.toThrow(ExecutionRpcError);
    });

    it('queues, prices and hands over withdrawal requests (EIP-7002)', async () => {
      const request = (fill: number, amount: bigint) =>
        clients.wallet.sendTransaction({
          to: WITHDRAWAL_REQUEST_ADDRESS,
          data: concat([bytesOf(fill, 48), numberToHex(amount, { size: 8 })]),
          value: 1n,
          gas: 200_000n,
        });
      const expected = Array.from({ length: 20 }, (_, n) => ({
        sourceAddress: clients.alice.address.toLowerCase(),
        validatorPubkey: bytesOf(n + 1, 48),
        amount: BigInt(n) * 1_000_000n,
      }));
      for (const { amount } of expected) await request(Number(amount / 1_000_000n) + 1, amount);
      const first = await driver.next();
      // MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD on every network, whatever the beacon chain's preset.
      expect(first.requests.withdrawals).toEqual(expected.slice(0, 16));
      // Excess 20 − 2 makes the fee floor(e^(18/17)) = 2.
      expect(await feeOf(WITHDRAWAL_REQUEST_ADDRESS)).toBe(2n);
      expect((await driver.next()).requests.withdrawals).toEqual(expected.slice(16));
      expect((await driver.next()).requests.withdrawals).toEqual([]);
      for (let blocks = 0; blocks < 8; blocks += 1) await driver.next();
      expect(await feeOf(WITHDRAWAL_REQUEST_ADDRESS)).toBe(1n);
    });

    it('refuses a withdrawal request below the fee', async () => {
      const data = concat([bytesOf(7, 48), numberToHex(0n, { size: 8 })]);
      const { sealed, receipt } = await seals(
        clients.wallet.sendTransaction({ to: WITHDRAWAL_REQUEST_ADDRESS, data, value: 0n, gas: 200_000n }),
      );
      expect(receipt.status).toBe('reverted');
      expect(sealed.requests.withdrawals).toEqual([]);
    });

    it('hands over consolidation requests, two a block (EIP-7251)', async () => {
      for (const fill of [1, 2, 3]) {
        const data = concat([bytesOf(fill, 48), bytesOf(fill + 100, 48)]);
        const value = 1n;
        await clients.wallet.sendTransaction({ to: CONSOLIDATION_REQUEST_ADDRESS, data, value, gas: 200_000n });
      }
      const expected = [1, 2, 3].map((fill) => ({
        sourceAddress: clients.alice.address.toLowerCase(),
        sourcePubkey: bytesOf(fill, 48),
        targetPubkey: bytesOf(fill + 100, 48),
      }));
      expect((await driver.next()).requests.consolidations).toEqual(expected.slice(0, 2));
      expect((await driver.next()).requests.consolidations).toEqual(expected.slice(2));
      expect((await driver.next()).requests.consolidations).toEqual([]);
    });

    it('credits withdrawals to the gwei, visible from their block on and not before (EIP-4895)', async () => {
      const address: Hex = '0x00000000000000000000000000000000000c0ffe';
      const amounts = [1n, 31_999_999_999n];
      const { payload } = await driver.next(
        amounts.map((amount, n) => ({ index: BigInt(n), validatorIndex: BigInt(n + 7), address, amount })),
      );
      const credited = 32_000_000_000n * WEI_PER_GWEI;
      expect(payload.withdrawals.map(({ amount }) => amount)).toEqual(amounts);
      expect(await clients.reader.getBalance({ address })).toBe(credited);
      const block = await clients.reader.getBlock({ blockNumber: BigInt(payload.blockNumber) });
      expect(block.withdrawals).toMatchObject([
        { index: '0x0', validatorIndex: '0x7', amount: '0x1' },
        { index: '0x1', validatorIndex: '0x8', amount: numberToHex(31_999_999_999n) },
      ]);
      await driver.next();
      const at = (blockNumber: number) => clients.reader.getBalance({ address, blockNumber: BigInt(blockNumber) });
      expect(await at(payload.blockNumber)).toBe(credited);
      expect(await at(payload.blockNumber - 1)).toBe(0n);
    });

    it('lets the next block spend what a withdrawal credited', async () => {
      const { bob, wallet, reader } = clients;
      const before = await reader.getBalance(bob);
      const gwei = before / WEI_PER_GWEI;
      await driver.next([{ index: 9n, validatorIndex: 1n, address: bob.address, amount: gwei }]);
      const value = before + parseEth('1');
      const { receipt } = await seals(wallet.sendTransaction({ account: bob, to: wallet.account.address, value }));
      expect(receipt.status).toBe('success');
    });

    it('orders by fee and keeps a transaction behind a nonce gap until the gap closes', async () => {
      const { alice, bob, wallet, reader } = clients;
      const nonce = await reader.getTransactionCount({ ...alice, blockTag: 'pending' });
      const late = await wallet.sendTransaction({ to: bob.address, nonce: nonce + 1, gas: 21_000n });
      expect((await driver.next()).payload.transactions).toEqual([]);
      await expect(reader.getTransactionReceipt({ hash: late })).rejects.toThrow();
      await wallet.sendTransaction({ to: bob.address, nonce, gas: 21_000n });
      const rich = await wallet.sendTransaction({
        account: bob,
        to: alice.address,
        gas: 21_000n,
        maxPriorityFeePerGas: 5_000_000_000n,
        maxFeePerGas: 50_000_000_000n,
      });
      const { payload } = await driver.next();
      expect(payload.transactions).toHaveLength(3);
      expect(await reader.getTransactionReceipt({ hash: rich })).toMatchObject({ transactionIndex: 0 });
      expect(await reader.getTransactionReceipt({ hash: late })).toMatchObject({ transactionIndex: 2 });
    });

    it('refuses a transaction above the gas cap (EIP-7825)', async () => {
      const gas = TRANSACTION_GAS_CAP + 1n;
      await expect(clients.wallet.sendTransaction({ to: clients.bob.address, gas })).rejects.toThrow(/gas|cap/i);
      const allowed = await seals(clients.wallet.sendTransaction({ to: clients.bob.address, gas: gas - 1n }));
      expect(allowed.receipt.status).toBe('success');
    });

    it('refuses a replayed nonce, an empty purse and garbage', async () => {
      const { bob, wallet } = clients;
      await expect(wallet.sendTransaction({ to: bob.address, nonce: 0, gas: 21_000n })).rejects.toThrow(/nonce/i);
      const value = parseEth('200000');
      await expect(wallet.sendTransaction({ to: bob.address, value, gas: 21_000n })).rejects.toThrow(/fund|balance/i);
      await expect(port.rpc('eth_sendRawTransaction', ['0x1234'])).rejects.toThrow(ExecutionRpcError);
      await expect(port.rpc('eth_nonsense', [])).rejects.toMatchObject({ rpcCode: -32601 });
    });

    it('signs for the dev accounts, numbering a burst of transactions in turn', async () => {
      const from = clients.alice.address;
      expect(await port.rpc('eth_accounts', [])).toContain(from.toLowerCase());
      const request = { from, to: clients.bob.address, value: '0x1' };
      const hashes = await Promise.all([1, 2, 3].map(() => port.rpc('eth_sendTransaction', [request])));
      expect(new Set(hashes).size).toBe(3);
      expect((await driver.next()).payload.transactions).toHaveLength(3);
      const stranger = { ...request, from: FEE_RECIPIENT };
      await expect(port.rpc('eth_sendTransaction', [stranger])).rejects.toThrow(/unknown account/);
    });

    it('serves what a wallet asks before it sends', async () => {
      const { alice, bob, reader } = clients;
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

    it('moves the tags safe and finalized when told', async () => {
      const { payload } = await driver.next();
      const { payload: next } = await driver.next();
      await port.markFinality({ safeBlockHash: next.blockHash, finalizedBlockHash: payload.blockHash });
      await driver.next();
      const numberOf = async (blockTag: 'safe' | 'finalized') =>
        Number((await clients.reader.getBlock({ blockTag })).number);
      expect(await numberOf('finalized')).toBe(payload.blockNumber);
      expect(await numberOf('safe')).toBe(next.blockNumber);
    });

    it.runIf(options.snapshots)('comes back to a mark, its pool and its history, as often as asked', async () => {
      const { alice, bob, wallet, reader } = clients;
      const nonce = await reader.getTransactionCount({ ...alice, blockTag: 'pending' });
      const waiting = await wallet.sendTransaction({ to: bob.address, value: 5n, nonce, gas: 21_000n });
      const [mark, head, slot] = [await port.snapshot(), await port.head(), driver.slot];
      const states: Hex[] = [];
      for (let round = 0; round < 2; round += 1) {
        await driver.next([{ index: 0n, validatorIndex: 0n, address: bob.address, amount: 1n }]);
        const later = await port.snapshot();
        expect((await reader.getTransactionReceipt({ hash: waiting })).status).toBe('success');
        states.push((await driver.next()).payload.stateRoot);
        await port.restore(mark);
        await expect(port.restore(later)).rejects.toMatchObject({ code: 'EXECUTION_BAD_DATA' });
        driver.slot = slot;
        expect(await port.head()).toEqual(head);
        expect(await reader.getTransactionCount(alice)).toBe(nonce);
      }
      expect(states[0]).toBe(states[1]);
      expect((await driver.next()).payload.transactions).toHaveLength(1);
    });

    it.runIf(!options.snapshots)('says that it cannot take a snapshot', async () => {
      await expect(port.snapshot()).rejects.toThrow(ExecutionUnsupportedError);
      await expect(port.restore('x')).rejects.toThrow(ExecutionUnsupportedError);
    });
  });
}
