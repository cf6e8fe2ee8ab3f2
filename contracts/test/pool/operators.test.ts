import type { Hex } from '@holdfast/units';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER, type Operator } from '../support/pool-acts.ts';
import { COMPILING, CONFIG, ETH, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
const HEIR = account(21);
const STRANGER = account(99);
const ZERO: Hex = `0x${'00'.repeat(20)}`;
beforeAll(() => poolCode(), COMPILING);

let world: World;
let acts: Acts;
let operator: Operator;

beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 200n);
  operator = await acts.operator(MANAGER, 20n);
});

const fees = (id: number) => world.read<bigint>(world.pool.registry, 'feesOf', [id]);

describe('OperatorRegistry', () => {
  it('lets anybody register, and a manager hand over', async () => {
    const { registry } = world.pool;
    expect((await world.read<Hex>(registry, 'managerOf', [operator.id])).toLowerCase()).toBe(MANAGER);
    expect(await world.refusal(STRANGER, registry, 'setManager', [operator.id, STRANGER])).toBe(
      'RegistryCallerUnknown',
    );
    expect(await world.refusal(MANAGER, registry, 'setManager', [operator.id, ZERO])).toBe('OperatorUnknown');
    await world.send(MANAGER, registry, 'setManager', [operator.id, HEIR]);
    expect(await world.refusal(MANAGER, registry, 'claimFees', [operator.id, MANAGER])).toBe('RegistryCallerUnknown');
    expect(await world.refusal(HEIR, registry, 'claimFees', [operator.id, HEIR])).toBe('');
    expect(await world.read(registry, 'managerOf', [999])).toBe(ZERO);
    expect(await world.refusal(STRANGER, registry, 'claimFees', [999, STRANGER])).toBe('RegistryCallerUnknown');
  });

  it('shares fees by earning validators, keeps what nobody earned, and pays once', async () => {
    const other = await acts.operator(HEIR, 20n);
    await acts.checkpoint();
    await world.evm.credit(world.pool.vault.address, 10n * ETH);
    await acts.checkpoint(); // nobody earns yet: the fee waits for those who will
    expect(await fees(operator.id)).toBe(0n);
    const waiting = await world.read<bigint>(world.pool.registry, 'feesUnshared');
    expect(waiting).toBeGreaterThan(0n);
    await acts.funded(operator);
    await acts.funded(operator);
    await acts.funded(other);
    await world.evm.credit(world.pool.vault.address, 30n * ETH);
    await acts.checkpoint();
    const [mine, theirs] = [await fees(operator.id), await fees(other.id)];
    expect(mine).toBe(2n * theirs);
    const [, owed] = await world.read<[bigint, bigint]>(world.pool.vault, 'liabilities');
    expect(mine + theirs).toBeLessThanOrEqual(owed);
    expect(owed - mine - theirs).toBeLessThan(3n);
    const before = await world.evm.balance(STRANGER);
    await world.send(MANAGER, world.pool.registry, 'claimFees', [operator.id, STRANGER]);
    expect((await world.evm.balance(STRANGER)) - before).toBe(mine);
    expect(await fees(operator.id)).toBe(0n);
    await world.send(MANAGER, world.pool.registry, 'claimFees', [operator.id, STRANGER]);
    expect((await world.evm.balance(STRANGER)) - before).toBe(mine);
    expect(await world.refusal(HEIR, world.pool.registry, 'claimFees', [other.id, world.pool.ledger.address])).toBe(
      'PaymentRefused',
    );
    expect(await fees(other.id)).toBe(theirs);
  });

  it('a withdrawn validator earns no more', async () => {
    const ordinal = await acts.active(operator);
    await acts.checkpoint();
    world.beacon.exit(acts.index(ordinal));
    await world.slots(2);
    await acts.proveExit(ordinal);
    await world.until(() => world.beacon.balances[acts.index(ordinal)] === 0);
    await world.slot();
    await acts.checkpoint();
    await world.slot();
    await world.send(KEEPER, world.pool.ledger, 'proveWithdrawn', await acts.proveWithdrawnArgs(ordinal));
    expect(await world.read(world.pool.registry, 'validatorsOf', [operator.id])).toEqual([0, 0]);
    expect(await world.refusal(MANAGER, world.pool.bonds, 'take', [operator.id, 20n * ETH, MANAGER])).toBe('');
  });
});

describe('BondVault', () => {
  it('asks a base for the first validator and more for each after it', async () => {
    const { bonds } = world.pool;
    const { base, perValidator } = CONFIG.bonds;
    expect(await world.read(bonds, 'required', [0])).toBe(0n);
    expect(await world.read(bonds, 'required', [1])).toBe(base);
    expect(await world.read(bonds, 'required', [5])).toBe(base + 4n * perValidator);
  });

  it('is strengthened by anybody, and returned to its manager as far as it answers for nothing', async () => {
    const { bonds } = world.pool;
    await world.send(STRANGER, bonds, 'post', [operator.id], ETH);
    expect(await world.read(bonds, 'bondOf', [operator.id])).toBe(21n * ETH);
    await acts.predeposit(operator);
    expect(await world.read(bonds, 'freeOf', [operator.id])).toBe(17n * ETH);
    expect(await world.refusal(MANAGER, bonds, 'take', [operator.id, 17n * ETH + 1n, MANAGER])).toBe('BondLiable');
    expect(await world.refusal(MANAGER, bonds, 'take', [operator.id, ETH, world.pool.queue.address])).toBe(
      'BondRefused',
    );
    const before = await world.evm.balance(HEIR);
    await world.send(MANAGER, bonds, 'take', [operator.id, 17n * ETH, HEIR]);
    expect((await world.evm.balance(HEIR)) - before).toBe(17n * ETH);
    expect(await world.refusal(STRANGER, bonds, 'take', [operator.id, 0n, STRANGER])).toBe('BondCallerUnknown');
  });

  it('sets aside what it has, and pays no more than that and what is free', async () => {
    const { bonds, enforcer } = world.pool;
    await world.send(enforcer.address, bonds, 'reserve', [operator.id, 15n * ETH]);
    await world.send(enforcer.address, bonds, 'reserve', [operator.id, 15n * ETH]);
    expect(await world.read(bonds, 'bonds', [operator.id])).toEqual([20n * ETH, 20n * ETH]);
    expect(await world.read(bonds, 'freeOf', [operator.id])).toBe(0n);
    const before = await world.evm.balance(world.pool.vault.address);
    await world.send(enforcer.address, bonds, 'charge', [operator.id, 15n * ETH, 18n * ETH]);
    expect((await world.evm.balance(world.pool.vault.address)) - before).toBe(15n * ETH); // 5 are set aside for another
    expect(await world.read(bonds, 'bonds', [operator.id])).toEqual([5n * ETH, 5n * ETH]);
  });
});
