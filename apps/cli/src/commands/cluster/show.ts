import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LOCK_VERSION, LockError, type VerifiedLock } from '@holdfast/keys';
import type { Context } from '../../context.ts';
import { CliFileError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import type { ShowOptions } from './command.ts';
import { readDraft } from './draft.ts';
import { readLock, readVerifiedLock } from './files.ts';
import { refuseForged } from './join.ts';
import { tellDraft, tellLock } from './tell.ts';

/** What a file says, without a look at whether it is true. */
export async function runShow(options: ShowOptions, context: Context): Promise<ExitCode> {
  const path = resolve(context.io.cwd, options.arguments[0]);
  if (isLock(path)) tellLock(readLock(path), path, context);
  else tellDraft(readDraft(path), path, context);
  context.say(`\n${context.style.dim('Not checked: `holdfast cluster verify` does that.')}\n`);
  return EXIT.ok;
}

/** Whether a lock, or a definition, is true: ends with 1 when it is not, and names the field. */
export async function runVerify(options: ShowOptions, context: Context): Promise<ExitCode> {
  const path = resolve(context.io.cwd, options.arguments[0]);
  const { red, green } = context.style;
  let verified: VerifiedLock | null = null;
  try {
    if (isLock(path)) verified = await readVerifiedLock(path);
    else await refuseForged(readDraft(path));
  } catch (error) {
    if (error instanceof CliFileError) throw error;
    const { message, field } = error as LockError;
    if (!(error instanceof LockError) && (error as { code?: string }).code !== 'CLI_USAGE') throw error;
    const named = field ?? null;
    context.tell({ path, true: false, field: named, why: message });
    context.say(`${red('FALSE')}: ${message}\n`);
    return EXIT.refuted;
  }
  const { lock, absent } = verified ?? { lock: null, absent: [] };
  context.tell({ path, true: true, lockHash: lock?.lockHash ?? null, absent });
  context.say(`${green('TRUE')}${lock ? `: ${lock.lockHash}` : ': each signature that is there is by its operator'}\n`);
  if (absent.length > 0) {
    context.warn(
      `node ${absent.join(', ')} was absent when the lock was made: it may hold no share (holdfast cluster reshare)`,
    );
  }
  return EXIT.ok;
}

/** By what the file says of itself. @throws CliFileError */
function isLock(path: string): boolean {
  try {
    const { version } = (JSON.parse(readFileSync(path, 'utf8')) ?? {}) as { version?: unknown };
    return version === LOCK_VERSION || typeof version !== 'string' || !version.startsWith('holdfast/definition/');
  } catch (cause) {
    throw new CliFileError('the file cannot be read as JSON', { data: { path }, cause });
  }
}
