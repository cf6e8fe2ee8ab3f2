import { type Hex, parseEth, WEI_PER_GWEI } from '@holdfast/units';
import { concat, numberToHex } from 'viem';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { devAccounts } from '../src/execution/dev-accounts.ts';
import { createEdrExecution } from '../src/execution/edr/edr-execution.ts';
import { createEmbeddedEthereumjs } from '../src/execution/engine/ethereumjs.ts';
import type { ExecutionPort, Withdrawal } from '../src/execution/port.ts';
import {
  BEACON_ROOTS_ADDRESS,
  CONSOLIDATION_REQUEST_ADDRESS,
  HISTORY_STORAGE_ADDRESS,
  WITHDRAWAL_REQUEST_ADDRESS,
} from '../src/execution/system-contracts.ts';
import { bytesOf, FEE_RECIPIENT, GENESIS_TIME, SlotDriver } from './execution-kit.ts';

const BLOCKS = 40;
const SEED = 20_261_121;

let drivers: readonly SlotDriver[];

beforeAll(async () => {
  const options = { genesisTime: GENESIS_TIME };
  const ports: ExecutionPort[] = [await createEdrExecution(options), await createEmbeddedEthereumjs(options)];
  drivers = ports.map((port) => new SlotDriver(port));
});
afterAll(() => Promise.all(drivers.map(({ port }) => port.close())));

/** mulberry32: small, seeded, good enough to vary a test. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

interface Sender {
  readonly account: PrivateKeyAccount;
  nonce: number;
}

/** A random transaction: a transfer, a request of either kind (often underpaid), or a contract that keeps little. */
async function transaction(sender: Sender, random: (below: number) => number): Promise<Hex> {
  const fill = random(255);
  const kinds = [
    { to: bytesOf(random(4) + 0x70, 20), value: parseEth('0.5') },
    {
      to: WITHDRAWAL_REQUEST_ADDRESS,
      data: concat([bytesOf(fill, 48), numberToHex(random(9), { size: 8 })]),
      value: BigInt(random(4)),
    },
    {
      to: CONSOLIDATION_REQUEST_ADDRESS,
      data: concat([bytesOf(fill, 48), bytesOf(fill + 1, 48)]),
      value: BigInt(random(3)),
    },
    // Stores the time, the randao, the base fee, the coinbase and the number of its block, then keeps no code.
    { data: '0x425f5544600155486002554160035543600455' as Hex },
  ];
  return sender.account.signTransaction({
    ...kinds[random(kinds.length)],
    type: 'eip1559',
    chainId: 31337,
    nonce: sender.nonce++,
    gas: 250_000n,
    maxPriorityFeePerGas: 1_000_000_000n + BigInt(random(1_000)) * 1_000_000n,
    maxFeePerGas: 20_000_000_000n,
  });
}

async function both<T>(ask: (driver: SlotDriver) => Promise<T>): Promise<T> {
  const [edr, engine] = [await ask(drivers[0] as SlotDriver), await ask(drivers[1] as SlotDriver)];
  expect(engine).toEqual(edr);
  return edr;
}

it(`makes the same of ${BLOCKS} blocks of random transactions on both adapters (seed ${SEED})`, async () => {
  const random = randomOf(SEED);
  const senders: Sender[] = devAccounts(5).map(({ privateKey }) => ({
    account: privateKeyToAccount(privateKey),
    nonce: 0,
  }));
  const validator = bytesOf(0x99, 20);
  let requests = 0;
  for (let block = 0; block < BLOCKS; block += 1) {
    const raws: Hex[] = [];
    // One transaction a sender: clients may break a tie of fees as they like.
    for (const sender of senders) if (random(3) > 0) raws.push(await transaction(sender, random));
    const withdrawals: Withdrawal[] = Array.from({ length: random(3) }, (_, n) => ({
      index: BigInt(block * 2 + n),
      validatorIndex: BigInt(n),
      address: validator,
      amount: BigInt(random(1_000_000_000)),
    }));
    const skipped = random(3);
    const sealed = await both(async (driver) => {
      for (const raw of raws) await driver.port.rpc('eth_sendRawTransaction', [raw]);
      const { payload, requests: found } = await driver.next(withdrawals, skipped);
      const { gasUsed, gasLimit, baseFeePerGas, transactions, receiptsRoot, logsBloom } = payload;
      return { gasUsed, gasLimit, baseFeePerGas, transactions, receiptsRoot, logsBloom, found };
    });
    expect(sealed.transactions).toHaveLength(raws.length);
    requests += sealed.found.withdrawals.length + sealed.found.consolidations.length;
  }
  expect(requests).toBeGreaterThan(20);
  const touched = [FEE_RECIPIENT, validator, WITHDRAWAL_REQUEST_ADDRESS, CONSOLIDATION_REQUEST_ADDRESS];
  for (const address of [...touched, ...senders.map(({ account }) => account.address)]) {
    const balance = await both(({ port }) => port.rpc('eth_getBalance', [address, 'latest']));
    expect(BigInt(balance as Hex)).toBeGreaterThan(0n);
  }
  expect(BigInt((await drivers[0]?.port.rpc('eth_getBalance', [validator, 'latest'])) as Hex) % WEI_PER_GWEI).toBe(0n);
});

it('keeps the same state in the system contracts', async () => {
  for (const contract of [WITHDRAWAL_REQUEST_ADDRESS, CONSOLIDATION_REQUEST_ADDRESS]) {
    for (let slot = 0; slot < 40; slot += 1) {
      await both(({ port }) => port.rpc('eth_getStorageAt', [contract, numberToHex(slot), 'latest']));
    }
  }
  const { timestamp } = await (drivers[0] as SlotDriver).port.head();
  for (const slot of [timestamp % 8191, (timestamp % 8191) + 8191]) {
    const word = await both(({ port }) =>
      port.rpc('eth_getStorageAt', [BEACON_ROOTS_ADDRESS, numberToHex(slot), 'latest']),
    );
    expect(BigInt(word as Hex)).toBeGreaterThan(0n);
  }
  // EIP-2935 keeps each client's own hashes: the parent's, under its number.
  for (const { port } of drivers) {
    const { blockNumber } = await port.head();
    const parent = (await port.rpc('eth_getBlockByNumber', [numberToHex(blockNumber - 1), false])) as { hash: Hex };
    const slot = numberToHex((blockNumber - 1) % 8191);
    expect(await port.rpc('eth_getStorageAt', [HISTORY_STORAGE_ADDRESS, slot, 'latest'])).toBe(parent.hash);
  }
});

it('prices receipts alike', async () => {
  const [alice] = devAccounts(1);
  const from = alice?.address;
  const request = {
    from,
    to: bytesOf(0x55, 20),
    value: '0x1',
    maxFeePerGas: '0x77359400',
    maxPriorityFeePerGas: '0x1',
  };
  await both(async (driver) => {
    const hash = await driver.port.rpc('eth_sendTransaction', [request]);
    const pooled = (await driver.port.rpc('eth_getTransactionByHash', [hash])) as { blockHash: unknown };
    expect(pooled.blockHash).toBeNull();
    await driver.next();
    const receipt = (await driver.port.rpc('eth_getTransactionReceipt', [hash])) as Record<string, unknown>;
    const mined = (await driver.port.rpc('eth_getTransactionByHash', [hash])) as Record<string, unknown>;
    expect(mined.gasPrice).toBe(receipt.effectiveGasPrice);
    const { status, gasUsed, effectiveGasPrice, cumulativeGasUsed, type, transactionIndex } = receipt;
    return { status, gasUsed, effectiveGasPrice, cumulativeGasUsed, type, transactionIndex };
  });
});
