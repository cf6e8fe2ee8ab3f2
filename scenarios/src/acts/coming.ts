import { makeDepositData } from '@holdfast/devnet';
import { deposit, fundReserve, postBond, predeposit, register } from '@holdfast/pool';
import { formatEth, parseEth } from '@holdfast/units';
import { encodeFunctionData, parseAbi } from 'viem';
import { type Act, expect, type OperatorLife } from '../life.ts';
import { rateOf, recordOf, STATUS } from '../pool.ts';
import { secretKeyOf } from '../secrets.ts';
import type { World } from '../world.ts';

const OPERATORS = ['Ada', 'Ben', 'Cyd', 'Mallory'];
const KEYS_EACH = 3;
const STAKERS: readonly (readonly [string, string])[] = [
  ['Sofia', '200'],
  ['Tomas', '120.5'],
  ['Uma', '64'],
  ['Viktor', '10.123456789012345678'],
];
const FIRST_OPERATOR_ACCOUNT = 1;
const FIRST_STAKER_ACCOUNT = 6;

export const deploy: Act = {
  n: 1,
  name: 'The pool is deployed',
  async run({ world }) {
    const manifest = await world.deploy();
    world.say(`    nine contracts at addresses known before they existed; the Vault is ${manifest.addresses.vault}`);
    await world.during(fundReserve(world.poolAs(0), { amount: parseEth('1') }));
  },
};

export const bond: Act = {
  n: 2,
  name: 'Four operators bond and offer keys',
  async run(life) {
    const { world } = life;
    const { base, perValidator } = world.manifest.config.bond;
    const amount = base + perValidator * BigInt(KEYS_EACH);
    for (const [i, name] of OPERATORS.entries()) {
      const account = FIRST_OPERATOR_ACCOUNT + i;
      const { result: id } = await world.during(register(world.poolAs(account), { name }));
      await world.during(postBond(world.poolAs(account), { operatorId: id, amount }));
      life.operators.push({ name, account, id, keys: [] });
    }
    world.say(`    each posts ${formatEth(amount)} ETH`);
  },
};

export const stake: Act = {
  n: 3,
  name: 'Stakers deposit',
  async run(life) {
    const { world } = life;
    for (const [i, [name, eth]] of STAKERS.entries()) {
      const account = FIRST_STAKER_ACCOUNT + i;
      const address = world.account(account).address;
      const assets = parseEth(eth);
      const { result: shares } = await world.during(deposit(world.poolAs(account), { assets, receiver: address }));
      expect('a share costs one wei at first', shares === (assets / 10n ** 9n) * 10n ** 9n, { shares, assets });
      life.stakers.push({ name, account, address, deposited: assets, requests: [] });
    }
    world.say(`    ${STAKERS.map(([name, eth]) => `${name} ${eth}`).join(', ')} ETH`);
  },
};

export const activate: Act = {
  n: 4,
  name: 'Predeposit, proof, top-up, activation',
  async run(life) {
    const { world } = life;
    for (const operator of life.operators) {
      const wanted = operator.name === 'Mallory' ? KEYS_EACH - 1 : KEYS_EACH;
      for (let i = 0; i < wanted; i++) {
        const key = world.makeKey(life.nextKey++, world.vaultCredentials());
        world.own(key.pubkey);
        operator.keys.push(await offerKey(world, operator, key));
      }
    }
    const keys = life.operators.flatMap((operator) => operator.keys);
    const isActive = ({ pubkey }: { readonly pubkey: `0x${string}` }) => {
      const index = world.devnet.indexOf(pubkey);
      return index !== null && world.devnet.state.validators.getReadonly(index).activationEpoch <= world.devnet.epoch;
    };
    await world.live('activation', () => keys.every(isActive));
    world.say(`    ${keys.length} validators active at epoch ${world.devnet.epoch}`);
  },
};

export const frontRun: Act = {
  n: 5,
  name: 'One operator tries the deposit front-running attack',
  async run(life) {
    const { world } = life;
    const mallory = life.operators.find(({ name }) => name === 'Mallory')!;
    const before = await rateOf(world);
    const number = life.nextKey++;
    const own = `0x02${'00'.repeat(11)}${world.account(mallory.account).address.slice(2)}` as const;
    const theft = makeDepositData({
      secretKey: secretKeyOf(number),
      withdrawalCredentials: own,
      amount: 1_000_000_000n,
    });
    // First a deposit with its own credentials, straight to the deposit contract; then the key is offered to the pool.
    await world.during(
      world.sendAs(mallory.account, {
        to: world.manifest.facts.depositContract,
        value: 10n ** 18n,
        data: encodeFunctionData({
          abi: parseAbi(['function deposit(bytes,bytes,bytes,bytes32) payable']),
          args: [theft.pubkey, theft.withdrawalCredentials, theft.signature, theft.depositDataRoot],
        }),
      }),
    );
    const { ordinal } = await offerKey(world, mallory, world.makeKey(number, world.vaultCredentials()));
    await world.live('rejection', async () => (await recordOf(world, ordinal)).status !== STATUS.predeposited);
    const { status } = await recordOf(world, ordinal);
    expect('the ledger rejects the key', status === STATUS.rejected, { status });
    const after = await rateOf(world);
    expect('nobody else loses', after >= before, { before, after });
    world.say('    rejected by proof: only the attacker’s own ether lies on its own credentials');
  },
};

/** An operator puts its own first ether on a key. */
async function offerKey(world: World, operator: OperatorLife, key: ReturnType<World['makeKey']>) {
  const pool = world.poolAs(operator.account);
  const { result: ordinal } = await world.during(predeposit(pool, { operatorId: operator.id, ...key }));
  return { pubkey: key.pubkey, ordinal };
}
