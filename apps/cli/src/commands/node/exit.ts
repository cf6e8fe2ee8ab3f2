import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BeaconClient } from '@holdfast/beacon';
import type { ClusterLock } from '@holdfast/keys';
import { ChainMismatchError, describeOutlook, type ExitOutlook, ExitRequestFiles, exitOutlook } from '@holdfast/node';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { pairs, table } from '../../ui/table.ts';
import { DEFAULT_DIRECTORY, LOCK_FILE, readVerifiedLock } from '../cluster/files.ts';
import type { ExitOptions } from './command.ts';
import { readRecord } from './record.ts';

/** Writes, withdraws or lists what a node's operator asks to exit. The node itself, if it runs, is not touched. */
export async function runExit(options: ExitOptions, context: Context): Promise<ExitCode> {
  const directory = resolve(context.io.cwd, options.dataDir ?? DEFAULT_DIRECTORY);
  const lock = await lockIn(directory);
  const requests = new ExitRequestFiles(directory);
  const { validator, epoch, withdraw } = options;
  if (validator === undefined) {
    if (epoch !== undefined || withdraw) throw new CliUsageError('--epoch and --withdraw need --validator');
    return list(requests, context);
  }
  if (withdraw) {
    if (epoch !== undefined) throw new CliUsageError('--withdraw goes without --epoch: a validator has one request');
    return takeBack(requests, validator, context);
  }
  if (lock && !lock.validators.some(({ pubkey }) => pubkey === validator)) {
    throw new CliUsageError('this cluster does not hold this validator', {
      data: { validator, cluster: lock.definition.name, validators: lock.validators.length },
      fix: `\`holdfast cluster show ${join(directory, LOCK_FILE)}\` lists those that it holds`,
    });
  }
  const outlook = options.beaconUrl ? await outlookOf(options.beaconUrl, lock, validator, epoch ?? null) : null;
  refuseNeedless(validator, outlook);
  const { askedAt } = requests.ask(validator, epoch ?? null);
  const { threshold, operators } = lock?.definition ?? { threshold: 1, operators: [null] };
  context.tell({ event: 'exit.asked', validator, epoch: epoch ?? null, askedAt, threshold, outlook, directory });
  context.say(
    `\n${pairs([
      ['asked for', `the voluntary exit of ${validator}`],
      ['names', epoch === undefined ? "the epoch of the validator's activation" : `epoch ${epoch}`],
      ['needs', operators.length === 1 ? 'nobody else' : `${threshold} of the ${operators.length} operators to ask`],
      ...(outlook ? [['chain', describeOutlook(outlook)] as const] : []),
    ])}\n${context.style.dim('--withdraw takes it back while it is not executed.')}\n\n`,
  );
  return EXIT.ok;
}

/** Null for whole keys, whose directory has none. @throws CliUsageError, LockError */
async function lockIn(directory: string): Promise<ClusterLock | null> {
  const path = join(directory, LOCK_FILE);
  if (existsSync(path)) return (await readVerifiedLock(path)).lock;
  if (readRecord(directory)) return null;
  throw new CliUsageError('this is no directory of a node', {
    data: { directory },
    fix: 'Give the --data-dir that the node runs with',
  });
}

function list(requests: ExitRequestFiles, context: Context): ExitCode {
  const { requests: asked, bad } = requests.all();
  for (const { file, why } of bad) context.warn(`${file} is not heeded: ${why}`);
  context.tell({ event: 'exit.list', requests: asked });
  const rows = asked.map(({ pubkey, epoch, askedAt }) => [pubkey, epoch === null ? 'activation' : `${epoch}`, askedAt]);
  const columns = [{ title: 'validator' }, { title: 'epoch' }, { title: 'asked' }];
  context.say(rows.length === 0 ? 'no exit was asked for\n' : table(columns, rows));
  return EXIT.ok;
}

function takeBack(requests: ExitRequestFiles, validator: Pubkey, context: Context): ExitCode {
  if (!requests.withdraw(validator)) {
    throw new CliUsageError('there is no request for this validator', {
      data: { validator },
      fix: '`holdfast node exit` lists those that there are',
    });
  }
  context.tell({ event: 'exit.withdrawn', validator });
  context.say(`The request is withdrawn: this node signs no exit of ${validator} any more.\n`);
  return EXIT.ok;
}

async function outlookOf(
  urls: readonly string[],
  lock: ClusterLock | null,
  validator: Pubkey,
  epoch: number | null,
): Promise<ExitOutlook> {
  const beacon = new BeaconClient({ urls });
  const [spec, genesis] = [await beacon.spec(), await beacon.genesis()];
  const expected = lock?.definition.network.genesisValidatorsRoot ?? genesis.genesisValidatorsRoot;
  if (genesis.genesisValidatorsRoot !== expected) {
    throw new ChainMismatchError(expected, genesis.genesisValidatorsRoot);
  }
  const [{ headSlot }, [answer]] = await Promise.all([
    beacon.validatorApi.syncing(),
    beacon.validators('head', { ids: [validator] }),
  ]);
  const now = Math.floor(headSlot / Number(spec.values.SLOTS_PER_EPOCH));
  return exitOutlook(answer, epoch, now, spec.config.SHARD_COMMITTEE_PERIOD);
}

/** @throws CliUsageError where the chain has it already, or has never heard of the validator */
function refuseNeedless(validator: Pubkey, outlook: ExitOutlook | null): void {
  if (!outlook || !['unknown', 'exiting', 'exited'].includes(outlook.kind)) return;
  throw new CliUsageError(`nothing to ask for: ${describeOutlook(outlook)}`, { data: { validator } });
}
