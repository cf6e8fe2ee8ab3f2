import {
  bondVaultAbi,
  operatorRegistryAbi,
  requestWithdrawal,
  slashingEnforcerAbi,
  withdrawalQueueAbi,
} from '@holdfast/pool';
import { formatEth, WEI_PER_GWEI } from '@holdfast/units';
import { type Act, expect } from '../life.ts';
import { finalizedId, rateOf, recordOf, STATUS, sharesOf } from '../pool.ts';

const EPOCHS_OF_REWARDS = 4;

export const earn: Act = {
  n: 6,
  name: 'Rewards, checkpoint, the rate rises',
  async run(life) {
    const { world } = life;
    const before = await rateOf(world);
    const until = world.devnet.epoch + EPOCHS_OF_REWARDS;
    await world.live('rewards', async () => world.devnet.epoch >= until && (await rateOf(world)) > before);
    const after = await rateOf(world);
    expect('the rate rose', after > before, { before, after });
    world.say(`    a share rose from ${formatEth(before, 12)} to ${formatEth(after, 12)} ETH`);
  },
};

export const doubleSign: Act = {
  n: 7,
  name: 'An operator’s validators double-sign and are slashed on the beacon chain',
  async run(life) {
    const { world } = life;
    const operator = life.operators.find(({ name }) => name === 'Cyd')!;
    const guilty = operator.keys.slice(0, 2);
    life.faulty = { operator, ordinals: guilty.map(({ ordinal }) => ordinal) };
    life.rateBeforeFault = await rateOf(world);
    await world.devnet.inject({ kind: 'doubleVote', validators: guilty.map(({ pubkey }) => pubkey), atOnce: true });
    // Somebody sees the two votes on the network and asks for his ether before the chain knows.
    const staker = life.stakers.find(({ name }) => name === 'Viktor')!;
    const shares = await sharesOf(world, staker.address);
    const rateAtRequest = await rateOf(world);
    const { result: requestId } = await world.during(
      requestWithdrawal(world.poolAs(staker.account), { shares, owner: staker.address }),
    );
    life.earlyLeaver = { staker, requestId, shares, rateAtRequest };
    const slashed = () =>
      guilty.every(({ pubkey }) => world.devnet.state.validators.getReadonly(world.devnet.indexOf(pubkey)!).slashed);
    for (let i = 0; i < 64 && !slashed(); i++) await world.step();
    expect('both are slashed on the beacon chain', slashed());
    world.say(
      `    ${guilty.length} validators of ${operator.name}, slot ${world.devnet.slot}; ${staker.name} asked to leave in time`,
    );
  },
};

export const enforce: Act = {
  n: 8,
  name: 'Anyone proves it: frozen, the others exited, loss provisioned',
  async run(life) {
    const { world } = life;
    const { operator, ordinals } = life.faulty!;
    const { publicClient, manifest } = world;
    const others = operator.keys.filter(({ ordinal }) => !ordinals.includes(ordinal));
    const isExiting = ({ pubkey }: { readonly pubkey: `0x${string}` }) =>
      world.devnet.state.validators.getReadonly(world.devnet.indexOf(pubkey)!).exitEpoch !== Number.POSITIVE_INFINITY;
    await world.live('enforcement', async () => {
      const records = await Promise.all(ordinals.map((ordinal) => recordOf(world, ordinal)));
      return records.every(({ status }) => status === STATUS.slashed) && others.every(isExiting);
    });
    const frozen = await publicClient.readContract({
      address: manifest.addresses.registry,
      abi: operatorRegistryAbi,
      functionName: 'isFrozen',
      args: [operator.id],
    });
    expect('the operator is frozen', frozen);
    const free = await publicClient.readContract({
      address: manifest.addresses.bonds,
      abi: bondVaultAbi,
      functionName: 'freeOf',
      args: [operator.id],
    });
    expect('no bond goes back to a frozen operator', free === 0n, { free });
    const slashing = await publicClient.readContract({
      address: manifest.addresses.enforcer,
      abi: slashingEnforcerAbi,
      functionName: 'slashings',
      args: [ordinals[0]!],
    });
    world.say(
      `    ${formatEth(BigInt(slashing[2]) * WEI_PER_GWEI)} ETH expected loss each, ${formatEth(BigInt(slashing[3]) * WEI_PER_GWEI)} of it set aside from the bond`,
    );

    const { staker, requestId, shares, rateAtRequest } = life.earlyLeaver!;
    await world.live('the early leaver’s turn', async () => (await finalizedId(world)) >= requestId);
    const batch = await publicClient.readContract({
      address: manifest.addresses.queue,
      abi: withdrawalQueueAbi,
      functionName: 'batchOf',
      args: [requestId],
    });
    const [, rate] = await publicClient.readContract({
      address: manifest.addresses.queue,
      abi: withdrawalQueueAbi,
      functionName: 'batches',
      args: [batch],
    });
    staker.requests.push(requestId);
    const stayers = await rateOf(world);
    expect('whoever leaves early is paid no more than a stayer keeps', min(rate, rateAtRequest) <= stayers, {
      rate,
      stayers,
    });
    world.say(
      `    ${staker.name}’s ${formatEth(shares)} shares are paid at ${formatEth(min(rate, rateAtRequest), 9)}, a stayer’s are worth ${formatEth(stayers, 9)}`,
    );
  },
};

export const settle: Act = {
  n: 9,
  name: 'Settlement: the bond pays, stakers whole',
  async run(life) {
    const { world } = life;
    const { ordinals, operator } = life.faulty!;
    await world.live('settlement', async () => {
      const records = await Promise.all(ordinals.map((ordinal) => recordOf(world, ordinal)));
      return records.every(({ status }) => status === STATUS.withdrawn);
    });
    const settled = await world.publicClient.getContractEvents({
      address: world.manifest.addresses.enforcer,
      abi: slashingEnforcerAbi,
      eventName: 'SlashingSettled',
      fromBlock: world.manifest.block,
    });
    let loss = 0n;
    let paid = 0n;
    for (const { args } of settled) {
      loss += args.lossGwei! * WEI_PER_GWEI;
      paid += args.paid!;
    }
    expect('every slashing is settled', settled.length === ordinals.length, { settled: settled.length });
    expect('the bond paid the whole loss', paid === loss && loss > 0n, { paid, loss });
    // A checkpoint that falls between a withdrawal and its proof lets the rate fall until the next one: what then comes
    // back drips in over two epochs.
    const whole = async (): Promise<boolean> => (await rateOf(world)) >= life.rateBeforeFault;
    await world.live('what came back drips in', whole, 256);
    const rate = await rateOf(world);
    expect('stakers are whole', rate >= life.rateBeforeFault, { rate, before: life.rateBeforeFault });
    world.say(
      `    ${formatEth(loss)} ETH lost, ${formatEth(paid)} ETH paid by ${operator.name}’s bond; a share is worth ${formatEth(rate, 9)} ETH`,
    );
  },
};

const min = (a: bigint, b: bigint) => (a < b ? a : b);
