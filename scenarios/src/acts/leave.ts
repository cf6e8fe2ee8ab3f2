import { bondVaultAbi, claim, claimFees, requestWithdrawal, takeBond } from '@holdfast/pool';
import { formatEth } from '@holdfast/units';
import { closeBooks } from '../accounting.ts';
import { type Act, expect } from '../life.ts';
import { finalizedId, recordOf, STATUS, sharesOf } from '../pool.ts';

/** Below a gwei of shares nothing can be asked for. */
const DUST_SHARES = 10n ** 9n;

export const leave: Act = {
  n: 10,
  name: 'Everybody withdraws, and every gwei is accounted for',
  async run(life) {
    const { world } = life;
    const owners = [
      ...life.stakers.map(({ name, account }) => ({ name, account })),
      // An operator's first ether became shares when the pool took its validator over.
      ...life.operators.map(({ name, account }) => ({ name, account })),
    ];
    const requests: { account: number; id: bigint; name: string }[] = life.stakers.flatMap(
      ({ name, account, requests: ids }) => ids.map((id) => ({ account, id, name })),
    );
    for (const { name, account } of owners) {
      const owner = world.account(account).address;
      const shares = await sharesOf(world, owner);
      if (shares < DUST_SHARES) continue;
      const { result: id } = await world.during(requestWithdrawal(world.poolAs(account), { shares, owner }));
      requests.push({ account, id, name });
    }
    const last = requests.reduce((highest, { id }) => (id > highest ? id : highest), 0n);
    await world.live('everybody’s turn', async () => (await finalizedId(world)) >= last);
    for (const { account, id } of requests) {
      await world.during(claim(world.poolAs(account), { id, to: world.account(account).address }));
    }
    await world.live('the last validators', async () => {
      const keys = life.operators.flatMap((operator) => operator.keys);
      const records = await Promise.all(keys.map(({ ordinal }) => recordOf(world, ordinal)));
      return records.every(({ status }) => status === STATUS.withdrawn);
    });
    for (const { id, account } of life.operators) {
      await world.during(claimFees(world.poolAs(account), { operatorId: id, to: world.account(account).address }));
      const amount = await world.publicClient.readContract({
        address: world.manifest.addresses.bonds,
        abi: bondVaultAbi,
        functionName: 'freeOf',
        args: [id],
      });
      await world.during(
        takeBond(world.poolAs(account), { operatorId: id, amount, to: world.account(account).address }),
      );
    }
    const books = await closeBooks(world);
    for (const [side, lines] of Object.entries({ entered: books.entered, left: books.left, held: books.held })) {
      for (const [what, wei] of Object.entries(lines))
        world.say(`    ${side.padEnd(8)}${what.padEnd(28)}${formatEth(wei, 18)}`);
    }
    world.say(`    difference ${books.differenceWei} wei`);
    world.books = books;
    expect('every wei is accounted for', books.differenceWei === 0n, { difference: books.differenceWei });
  },
};
