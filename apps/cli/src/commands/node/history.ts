import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ProtectionStore } from '@holdfast/protection';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliFileError, CliUsageError } from '../../errors.ts';
import type { SignerNetwork } from '../signer/networks.ts';
import type { NodeRecord } from './record.ts';

/** What is known of what the keys signed before, as the command line says it. */
export interface HistoryOptions {
  readonly new?: boolean | undefined;
  readonly import?: string | undefined;
  readonly recoverByWaiting?: boolean | undefined;
}

/** The chain as the beacon nodes tell it when the node starts. */
export interface ChainNow {
  readonly headSlot: number;
  /** Whether a validator of the cluster is, or was, active: only then can a share have signed what is slashable. */
  readonly isActive: boolean;
}

/** The epoch from which keys may sign again whose history is not known. */
export interface Waiting {
  readonly sinceEpoch: number;
}

/**
 * No key signs before it is settled what it signed: it is known, or imported, or nothing, or it is waited for until
 * whatever it was cannot be contradicted any more.
 *
 * @param chain its head counts, too: a clock that is behind must not shorten the wait
 * @returns since when is waited; null when there is no need to
 * @throws CliUsageError saying what can be done
 */
export async function settleHistory(
  store: ProtectionStore,
  pubkeys: readonly Pubkey[],
  record: NodeRecord | null,
  options: HistoryOptions,
  network: SignerNetwork,
  chain: ChainNow,
  context: Context,
): Promise<Waiting | null> {
  if (options.import !== undefined) {
    const text = interchangeIn(resolve(context.io.cwd, options.import));
    await context.progress.step(`Importing the history in ${options.import}`, () => store.import(text));
  }
  const unknown = await unknownTo(store, pubkeys);
  const isFirst = record !== null && record.startedAt === null;
  const isRedealt = isFirst && record.origin === 'resharing';
  // A directory that never signed, of validators that have long had duties: it comes late, or it is the backup of the
  // first day, whose history is empty and not true. To wait harms neither.
  const mayBeBackup = isFirst && record.origin === 'dkg' && chain.isActive && options.import === undefined;
  if (mayBeBackup) {
    context.warn(
      'this directory never signed, and its validators are active: it is taken for a backup of its first day',
    );
  }
  if (isRedealt || mayBeBackup || options.recoverByWaiting) return drawLine(store, pubkeys, network, chain.headSlot);
  if (unknown.length === 0) return null;
  if (options.new && record?.startedAt && unknown.length === pubkeys.length) {
    throw new CliUsageError('these shares are not new: this node was allowed to sign before', {
      data: { since: record.startedAt, unknown: unknown.length },
      fix: FIX,
    });
  }
  if (options.new) {
    await store.register(unknown);
    return null;
  }
  throw new CliUsageError(`nothing is known of what ${unknown.length} of these keys signed before: nothing is signed`, {
    data: { first: unknown[0], ...(record?.startedAt ? { signedSince: record.startedAt } : {}) },
    fix: record?.startedAt ? FIX : `${FIX}; or --new, if they never signed anything anywhere`,
  });
}

const FIX =
  'Restore protection.sqlite from this machine, not from an old backup; or give --import with the latest export; or --recover-by-waiting';

function interchangeIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFileError('the interchange file cannot be read', { data: { path }, cause });
  }
}

async function unknownTo(store: ProtectionStore, pubkeys: readonly Pubkey[]): Promise<Pubkey[]> {
  const marks = await store.watermarks(pubkeys);
  const known = new Set(marks.filter(({ enabled }) => enabled).map(({ pubkey }) => pubkey));
  return pubkeys.filter((pubkey) => !known.has(pubkey));
}

/**
 * Draws a line above everything that the keys can have signed until now. In epoch E they signed targets of at most E + 1
 * (a clock may have been ahead) and sources of at most E. A vote with a source of at least E and a target above E + 1 is
 * no second vote for a target, is not surrounded by an older one, and surrounds none. The chain justifies E about two
 * epochs from now; until then there is no such vote to sign.
 */
async function drawLine(
  store: ProtectionStore,
  pubkeys: readonly Pubkey[],
  { genesisValidatorsRoot, genesisTime, secondsPerSlot, slotsPerEpoch }: SignerNetwork,
  headSlot: number,
): Promise<Waiting> {
  const clockSlot = Math.floor((Date.now() / 1000 - genesisTime) / secondsPerSlot);
  const epoch = Math.max(0, Math.floor(Math.max(clockSlot, headSlot) / slotsPerEpoch));
  const slot = String((epoch + 2) * slotsPerEpoch - 1);
  await store.import({
    metadata: { interchange_format_version: '5', genesis_validators_root: genesisValidatorsRoot },
    data: pubkeys.map((pubkey) => ({
      pubkey,
      signed_blocks: [{ slot }],
      signed_attestations: [{ source_epoch: String(epoch), target_epoch: String(epoch + 1) }],
    })),
  });
  return { sinceEpoch: epoch };
}
