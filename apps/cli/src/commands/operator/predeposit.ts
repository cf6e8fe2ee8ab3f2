import { type CheckedDeposit, DepositError } from '@holdfast/keys';
import { predeposit, waitFor } from '@holdfast/pool';
import { formatEth, parseEth, sameHex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { unlessStopped } from '../../stop.ts';
import { pairs, table } from '../../ui/table.ts';
import type { PredepositOptions } from './command.ts';
import { readDeposits, requireFresh } from './deposits.ts';
import { type ActingPool, bondFor, eventOf, operatorIn, poolOf } from './pool.ts';

const PREDEPOSIT = parseEth('1');

export async function runPredeposit(options: PredepositOptions, context: Context): Promise<ExitCode> {
  const pool = await poolOf(options, context);
  const { progress, signal } = context;
  const { operator, snapshot } = await operatorIn(pool, options.operatorId);
  const { id: operatorId } = operator;
  const { fresh, known } = await progress.step('Checking the deposits', async () => {
    const deposits = await readDeposits(options, pool);
    const ours = new Set(
      snapshot.validators.filter((one) => one.operatorId === operatorId).map(({ pubkey }) => pubkey),
    );
    const taken = snapshot.validators.find(({ pubkey }) => !ours.has(pubkey) && deposits.has(pubkey));
    if (taken) {
      throw new DepositError('pubkey', 'was offered to the pool by another operator', {
        data: { pubkey: taken.pubkey, operatorId: taken.operatorId },
      });
    }
    const all = [...deposits.values()];
    const wanted = all.filter(({ pubkey }) => !ours.has(pubkey));
    await requireFresh(options, wanted);
    return { fresh: wanted, known: all.filter(({ pubkey }) => ours.has(pubkey)) };
  });
  await requireAble(pool, operator, fresh.length);
  const skipped = known.map(({ pubkey }) => pubkey);
  if (skipped.length > 0) context.warn(`${skipped.length} of these keys were offered before: they are left out`);
  if (options.dryRun) {
    context.tell({ event: 'checked', operatorId, deposits: fresh.map(({ pubkey }) => ({ pubkey })), skipped });
    context.say(pairs([['would offer', `${fresh.length} keys, ${fresh.length} ETH`]]));
    return EXIT.ok;
  }
  const deposits = await progress.step(`Offering ${fresh.length} keys`, (detail) =>
    unlessStopped(offer(pool, operatorId, fresh, detail), signal),
  );
  context.tell({ event: 'predeposited', operatorId, deposits, skipped });
  context.say(
    table(
      [{ title: 'ordinal', align: 'right' }, { title: 'validator' }],
      deposits.map(({ ordinal, pubkey }) => [`${ordinal}`, pubkey]),
    ),
  );
  return EXIT.ok;
}

type Operator = Awaited<ReturnType<typeof operatorIn>>['operator'];

/** What the contracts would refuse, found out before the first of several is sent. @throws CliUsageError */
async function requireAble(pool: ActingPool, operator: Operator, keys: number): Promise<void> {
  const { id, manager, frozen, barred, bond, held } = operator;
  const { address } = pool.account;
  if (!sameHex(manager, address)) {
    throw new CliUsageError('only the manager offers keys', { data: { operatorId: id, manager, account: address } });
  }
  if (frozen || barred) {
    throw new CliUsageError(`the operator is ${barred ? 'barred' : 'frozen'}: the pool takes no keys of it`, {
      data: { operatorId: id },
      fix: barred ? 'A barred operator stays so' : 'Wait until its slashings are settled',
    });
  }
  const required = bondFor(pool, held + keys);
  if (bond < required) {
    throw new CliUsageError(`the bond is short: ${formatEth(bond)} of ${formatEth(required)} ETH`, {
      data: { operatorId: id, held, keys },
      fix: `holdfast operator bond --validators ${held + keys}`,
    });
  }
  const balance = await pool.publicClient.getBalance({ address });
  if (balance >= PREDEPOSIT * BigInt(keys)) return;
  throw new CliUsageError(`the account holds ${formatEth(balance)} ETH, and ${keys} keys need ${keys} ETH and gas`, {
    data: { account: address },
  });
}

interface Offered {
  readonly pubkey: string;
  readonly ordinal: number;
  readonly hash: string;
}

/** One transaction a key, all on their way at once. */
async function offer(
  pool: ActingPool,
  operatorId: number,
  deposits: readonly CheckedDeposit[],
  detail: (text: string) => void,
): Promise<Offered[]> {
  const { publicClient, account } = pool;
  const nonce = await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' });
  const sent: { readonly pubkey: string; readonly hash: `0x${string}` }[] = [];
  for (const [i, deposit] of deposits.entries()) {
    detail(`${i + 1} of ${deposits.length}`);
    const { hash } = await predeposit(pool, { operatorId, ...deposit }, { wait: false, nonce: nonce + i });
    sent.push({ pubkey: deposit.pubkey, hash: hash! });
  }
  const offered: Offered[] = [];
  for (const { pubkey, hash } of sent) {
    const receipt = await waitFor(pool, { hash, functionName: 'predeposit' });
    const { args } = await eventOf(pool, receipt, 'Predeposited');
    offered.push({ pubkey, ordinal: args.ordinal, hash });
  }
  return offered;
}
