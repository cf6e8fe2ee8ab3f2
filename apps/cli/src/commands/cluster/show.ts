import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ClusterDefinition,
  type ClusterLock,
  LOCK_VERSION,
  LockError,
  peerIdOf,
  type VerifiedLock,
} from '@holdfast/keys';
import type { Context } from '../../context.ts';
import { CliFileError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { pairs, table } from '../../ui/table.ts';
import type { ShowOptions } from './command.ts';
import { type Draft, readDraft } from './draft.ts';
import { readLock, readVerifiedLock } from './files.ts';
import { refuseForged } from './join.ts';

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

export function tellDraft(draft: Draft, path: string, context: Context): void {
  const { definition, operatorSignatures } = draft;
  const states = operatorSignatures.map(({ entry, definition: whole }) =>
    entry === null ? 'not joined' : whole === null ? 'joined' : 'signed',
  );
  context.tell({
    path,
    ...definition,
    operators: definition.operators.map((operator, i) => ({
      ...operator,
      peerId: operator.identity && peerIdOf(operator.identity),
      state: states[i],
    })),
    complete: states.every((state) => state === 'signed'),
  });
  context.say(termsOf(definition, path));
  context.say(
    table(
      ['node', 'operator', 'peer id', 'address', 'state'].map((title) => ({ title })),
      definition.operators.map(({ address, identity, multiaddrs }, i) => [
        String(i + 1),
        address,
        identity === null ? '–' : peerIdOf(identity),
        multiaddrs.join(' ') || '–',
        states[i]!,
      ]),
    ),
  );
}

function tellLock(lock: ClusterLock, path: string, context: Context): void {
  const { definition, validators, lockHash, signers } = lock;
  context.tell({
    path,
    lockHash,
    ...definition,
    operators: definition.operators.map((operator, i) => ({
      ...operator,
      peerId: peerIdOf(operator.identity),
      signedLock: signers.includes(i + 1),
    })),
    validators: validators.map(({ pubkey, sharePubkeys }) => ({ pubkey, sharePubkeys })),
  });
  context.say(termsOf(definition, path, lockHash));
  context.say(
    table(
      ['node', 'operator', 'peer id', 'address', 'signed the lock'].map((title) => ({ title })),
      definition.operators.map(({ address, identity, multiaddrs }, i) => [
        String(i + 1),
        address,
        peerIdOf(identity),
        multiaddrs.join(' ') || '–',
        signers.includes(i + 1) ? 'yes' : 'no: it was absent',
      ]),
    ),
  );
  context.say('\n');
  context.say(
    table(
      [{ title: 'validator' }],
      validators.slice(0, ROWS_MAX).map(({ pubkey }) => [pubkey]),
    ),
  );
  if (validators.length > ROWS_MAX) context.say(`… and ${validators.length - ROWS_MAX} more (--json shows all)\n`);
}

const ROWS_MAX = 20;

function termsOf(
  definition: Omit<ClusterDefinition, 'operators'> & { readonly operators: readonly unknown[] },
  path: string,
  lockHash?: string,
): string {
  const { name, network, threshold, operators, validators, withdrawalCredentials, feeRecipient, depositAmounts } =
    definition;
  const deposits = depositAmounts.map((gwei) => `${Number(gwei) / 1e9} ETH`).join(', ');
  return `${pairs([
    ['cluster', `${name}, generation ${definition.generation}`],
    ['file', path],
    ...(lockHash ? [['lock hash', lockHash] as const] : []),
    ['network', `${network.name} ${network.genesisValidatorsRoot}`],
    ['signing', `${threshold} of ${operators.length} nodes`],
    ['validators', `${validators}${deposits === '' ? '' : `, each with a signed deposit of ${deposits}`}`],
    ['withdrawals to', withdrawalCredentials],
    ['fees to', feeRecipient],
  ])}\n`;
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
