import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KillSwitch, ownerOf } from '@holdfast/signer';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { pairs } from '../../ui/table.ts';
import type { SwitchCommandOptions } from './command.ts';
import { DEFAULT_DIRECTORY } from './home.ts';

/** Acts on a directory from beside: no lock is taken, so it works whatever the signer is doing. */
export async function runSwitch(
  action: 'kill' | 'resume' | 'status',
  options: SwitchCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const directory = resolve(context.io.cwd, options.dataDir ?? DEFAULT_DIRECTORY);
  if (!existsSync(join(directory, 'signer.json'))) {
    throw new CliUsageError('this is no directory of a signer', { data: { directory }, fix: 'Give --data-dir' });
  }
  const kill = new KillSwitch({ directory });
  if (action === 'kill')
    kill.kill({ by: `holdfast signer kill (user ${process.getuid?.() ?? '?'})`, why: options.why ?? '' });
  if (action === 'resume') kill.resume();
  const killed = kill.state();
  const owner = ownerOf(directory);
  context.tell({
    directory,
    killed,
    owner: owner && { pid: owner.pid, host: owner.host, purpose: owner.purpose, since: owner.since },
  });
  const { red, green } = context.style;
  context.say(
    pairs([
      ['directory', directory],
      ['process', owner ? `${owner.purpose}, pid ${owner.pid} on ${owner.host}, since ${owner.since}` : 'none'],
      [
        'signing',
        killed
          ? red(['STOPPED', killed.at, `by ${killed.by}`, killed.why].filter(Boolean).join(' '))
          : green('allowed'),
      ],
    ]),
  );
  return action === 'status' && killed ? EXIT.refuted : EXIT.ok;
}
