import { register } from '@holdfast/pool';
import type { Context } from '../../context.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { unlessStopped } from '../../stop.ts';
import { pairs } from '../../ui/table.ts';
import type { RegisterOptions } from './command.ts';
import { eventOf, poolOf } from './pool.ts';

export async function runRegister(options: RegisterOptions, context: Context): Promise<ExitCode> {
  const pool = await poolOf(options, context);
  const { name } = options;
  const { address: manager } = pool.account;
  const { args } = await context.progress.step(`Registering ${name}`, () =>
    unlessStopped(
      register(pool, { name }).then(({ receipt }) => eventOf(pool, receipt!, 'OperatorRegistered')),
      context.signal,
    ),
  );
  const { operatorId } = args;
  context.tell({ event: 'registered', operatorId, name, manager });
  context.say(
    `${pairs([
      ['operator', `${operatorId}`],
      ['name', name],
      ['manager', manager],
    ])}\nNext: holdfast operator bond\n`,
  );
  return EXIT.ok;
}
