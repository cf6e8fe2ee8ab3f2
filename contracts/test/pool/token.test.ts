import type { Hex } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import { beforeAll, describe, expect, it } from 'vitest';
import { Acts } from '../support/pool-acts.ts';
import { COMPILING, ETH, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const BOB = account(11);
const ZERO: Hex = `0x${'00'.repeat(20)}`;
const signer = privateKeyToAccount(`0x${'42'.repeat(32)}`);
const OWNER = signer.address.toLowerCase() as Hex;
beforeAll(() => poolCode(), COMPILING);

let world: World;

beforeAll(async () => {
  world = await World.start();
  const acts = new Acts(world);
  await acts.deposit(ALICE, 10n);
  await acts.deposit(OWNER, 10n);
});

const balance = (of: Hex) => world.read<bigint>(world.pool.token, 'balanceOf', [of]);

describe('ShareToken', () => {
  it('is an ERC-20: names, transfers, allowances', async () => {
    const { token } = world.pool;
    expect(await world.read(token, 'name')).toBe('Holdfast Share');
    expect(await world.read(token, 'decimals')).toBe(18);
    await world.send(ALICE, token, 'transfer', [BOB, ETH]);
    expect(await balance(BOB)).toBe(ETH);
    await world.send(ALICE, token, 'transfer', [ALICE, ETH]); // to oneself: nothing gained
    expect(await balance(ALICE)).toBe(9n * ETH);
    await world.send(ALICE, token, 'approve', [BOB, 2n * ETH]);
    await world.send(BOB, token, 'transferFrom', [ALICE, BOB, ETH]);
    expect(await world.read(token, 'allowance', [ALICE, BOB])).toBe(ETH);
    expect(await world.refusal(BOB, token, 'transferFrom', [ALICE, BOB, ETH + 1n])).toBe('ERC20InsufficientAllowance');
    await world.send(ALICE, token, 'approve', [BOB, 2n ** 256n - 1n]);
    await world.send(BOB, token, 'transferFrom', [ALICE, BOB, ETH]);
    expect(await world.read(token, 'allowance', [ALICE, BOB])).toBe(2n ** 256n - 1n);
    expect(await world.read(token, 'totalSupply')).toBe(20n * ETH);
  });

  it('refuses what is not there, nobody, and the escrow', async () => {
    const { token, queue } = world.pool;
    expect(await world.refusal(ALICE, token, 'transfer', [BOB, 100n * ETH])).toBe('ERC20InsufficientBalance');
    expect(await world.refusal(ALICE, token, 'transfer', [BOB, 2n ** 200n])).toBe('ERC20InsufficientBalance');
    expect(await world.refusal(ALICE, token, 'transfer', [ZERO, 1n])).toBe('ERC20InvalidReceiver');
    expect(await world.refusal(ALICE, token, 'transfer', [queue.address, 1n])).toBe('ERC20InvalidReceiver');
    expect(await world.refusal(ALICE, token, 'approve', [ZERO, 1n])).toBe('ERC20InvalidSpender');
  });

  it('mints for the Vault, escrows and burns for the queue, and for nobody else', async () => {
    const { token, vault, queue, ledger } = world.pool;
    const doors: readonly (readonly [string, readonly unknown[], Hex])[] = [
      ['mint', [ALICE, 1n], vault.address],
      ['escrow', [ALICE, 1n], queue.address],
      ['burnEscrowed', [0n], queue.address],
      ['moveReceipt', [ZERO, ALICE], queue.address],
    ];
    for (const [door, args, owner] of doors) {
      for (const caller of [ALICE, vault.address, queue.address, ledger.address]) {
        expect(await world.refusal(caller, token, door, args), door).toBe(caller === owner ? '' : 'ShareCallerUnknown');
      }
    }
    expect(await world.refusal(queue.address, token, 'escrow', [BOB, 100n * ETH])).toBe('ERC20InsufficientBalance');
    expect(await world.refusal(queue.address, token, 'burnEscrowed', [1n])).toBe('Panic(17)');
  });

  it('takes permits (ERC-2612): once, in time, of the owner', async () => {
    const { token } = world.pool;
    const sign = async (values: { spender?: Hex; nonce?: bigint; deadline?: bigint; chainId?: number }) => {
      const message = { owner: OWNER, spender: BOB, value: ETH, nonce: 0n, deadline: 2n ** 40n, ...values };
      const signature = await signer.signTypedData({
        domain: {
          name: 'Holdfast Share',
          version: '1',
          chainId: values.chainId ?? 31337,
          verifyingContract: token.address,
        },
        types: {
          Permit: ['owner:address', 'spender:address', 'value:uint256', 'nonce:uint256', 'deadline:uint256'].map(
            (field) => {
              const [name, type] = field.split(':') as [string, string];
              return { name, type };
            },
          ),
        },
        primaryType: 'Permit',
        message,
      });
      const r = signature.slice(0, 66);
      const s = `0x${signature.slice(66, 130)}`;
      return [OWNER, BOB, ETH, message.deadline, Number(`0x${signature.slice(130)}`), r, s];
    };
    const good = await sign({});
    expect(await world.refusal(BOB, token, 'permit', await sign({ deadline: 1n }))).toBe('PermitExpired');
    expect(await world.refusal(BOB, token, 'permit', await sign({ chainId: 1 }))).toBe('PermitSignerWrong');
    expect(await world.refusal(BOB, token, 'permit', await sign({ nonce: 1n }))).toBe('PermitSignerWrong');
    expect(await world.refusal(BOB, token, 'permit', await sign({ spender: ALICE }))).toBe('PermitSignerWrong');
    const flipped = [...good];
    flipped[4] = good[4] === 27 ? 28 : 27;
    expect(await world.refusal(BOB, token, 'permit', flipped)).not.toBe('');
    await world.send(BOB, token, 'permit', good);
    expect(await world.read(token, 'allowance', [OWNER, BOB])).toBe(ETH);
    expect(await world.read(token, 'nonces', [OWNER])).toBe(1n);
    expect(await world.refusal(BOB, token, 'permit', good)).toBe('PermitSignerWrong');
    expect(await world.read<Hex>(token, 'DOMAIN_SEPARATOR')).toMatch(/^0x[0-9a-f]{64}$/);
  });
});
