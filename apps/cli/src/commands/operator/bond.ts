import { postBond } from '@holdfast/pool';
import { formatEth } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { unlessStopped } from '../../stop.ts';
import { pairs } from '../../ui/table.ts';
import type { BondOptions } from './command.ts';
import { bondFor, operatorIn, poolOf } from './pool.ts';

export async function runBond(options: BondOptions, context: Context): Promise<ExitCode> {
  const pool = await poolOf(options, context);
  const { operator } = await operatorIn(pool, options.operatorId);
  const { id: operatorId, name, bond, bondReserved } = operator;
  // What is set aside for a slashing carries no validator.
  const missing = bondFor(pool, options.validators) + bondReserved - bond;
  const amount = missing > 0n ? missing : 0n;
  if (amount > 0n) {
    await context.progress.step(`Posting ${formatEth(amount)} ETH`, () =>
      unlessStopped(postBond(pool, { operatorId, amount }), context.signal),
    );
  }
  context.tell({ event: 'bonded', operatorId, posted: amount, bond: bond + amount, validators: options.validators });
  context.say(
    pairs([
      ['operator', `${operatorId}, ${name}`],
      ['posted', amount > 0n ? `${formatEth(amount)} ETH` : 'nothing: it is enough'],
      ['bond', `${formatEth(bond + amount)} ETH, which carries ${options.validators} validators`],
    ]),
  );
  return EXIT.ok;
}
