import type { Pubkey } from '@holdfast/units';
import { type CommitHooks, GroupCommit } from '../group-commit.ts';
import type { InterchangeKey } from '../interchange/format.ts';
import type { KeyHistory } from '../interchange/parse.ts';
import type { Duty, HighWatermark, ImportOptions, ImportReport, PruneReport, Verdict, Watermarks } from '../port.ts';
import type { Backend } from '../store.ts';
import { toStored } from '../u64.ts';
import { type ClaimSettings, claimBatch } from './claim.ts';
import { Connection } from './connection.ts';
import { exportKeys } from './export.ts';
import { importHistories } from './import.ts';
import { checkIntegrity } from './integrity.ts';
import { addKeys, lockKeys, readKeys, setDisabled, watermarksOf } from './keys.ts';
import { type PrunePortion, pruneAttestations, pruneBlocks } from './prune.ts';
import type { PostgresSettings } from './settings.ts';
import type { Transaction } from './transaction.ts';
import { Turns } from './turns.ts';

/**
 * The PostgreSQL store of one process: claims on one connection, a batch at a time, and everything else on a second one, so
 * that an export or a pruning does not hold up what is to be signed now. It keeps nothing in memory between two transactions.
 */
export class PostgresBackend implements Backend {
  readonly #settings: PostgresSettings;
  readonly #claiming: Connection;
  readonly #working: Connection;
  readonly #commits: GroupCommit;
  readonly #turns = new Turns();

  constructor(settings: PostgresSettings, claiming: ClaimSettings, hooks: CommitHooks = {}) {
    this.#settings = settings;
    this.#claiming = new Connection(settings);
    this.#working = new Connection(settings);
    this.#commits = new GroupCommit(
      (duties) => this.#claiming.transaction('claim', (transaction) => claimBatch(transaction, claiming, duties)),
      hooks,
    );
  }

  /** Connects, and makes the tables if there are none. */
  async open(): Promise<void> {
    await this.#claiming.open();
  }

  claim(duties: readonly Duty[]): Promise<readonly Verdict[]> {
    return this.#commits.submit(duties);
  }

  register(pubkeys: readonly Pubkey[], enable: boolean): Promise<void> {
    return this.#change(async (transaction) => {
      await addKeys(transaction, pubkeys);
      if (enable) await setDisabled(transaction, await lockKeys(transaction, pubkeys), false);
    });
  }

  import(histories: readonly KeyHistory[], gaps: NonNullable<ImportOptions['gaps']>): Promise<ImportReport> {
    return this.#change((transaction) => importHistories(transaction, histories, gaps));
  }

  export(pubkeys: readonly Pubkey[] | undefined, minimal: boolean): Promise<readonly InterchangeKey[]> {
    return this.#read(async (transaction) => exportKeys(transaction, await readKeys(transaction, pubkeys), minimal));
  }

  disable(pubkeys: readonly Pubkey[]): Promise<readonly InterchangeKey[]> {
    return this.#change(async (transaction) => {
      const keys = await lockKeys(transaction, pubkeys);
      await setDisabled(transaction, keys, true);
      return exportKeys(transaction, keys, false);
    });
  }

  /** Portion by portion; claims go between them. */
  async prune(epochsToKeep: bigint, slotsToKeep: bigint): Promise<PruneReport> {
    const attestations = await this.#portions(toStored(0n), (transaction, from) =>
      pruneAttestations(transaction, from, epochsToKeep),
    );
    const blocks = await this.#portions(0n, (transaction, from) => pruneBlocks(transaction, from, slotsToKeep));
    return { blocks, attestations };
  }

  watermarks(pubkeys: readonly Pubkey[] | undefined): Promise<readonly Watermarks[]> {
    return this.#read(async (transaction) => (await readKeys(transaction, pubkeys)).map(watermarksOf));
  }

  highWatermark(): Promise<HighWatermark | null> {
    return this.#read(async ({ ceiling }) => ceiling);
  }

  setHighWatermark(highWatermark: HighWatermark | null): Promise<void> {
    const { schema, lock } = this.#settings;
    return this.#change(async (transaction) => {
      // Waits until no signer is at a claim that it judged by the old one.
      await transaction.rows(`SELECT pg_advisory_xact_lock(${lock})`);
      await transaction.count(`UPDATE ${schema}.meta SET ceiling_epoch = $1, ceiling_slot = $2`, [
        highWatermark && toStored(highWatermark.epoch).toString(),
        highWatermark && toStored(highWatermark.slot).toString(),
      ]);
    });
  }

  integrity(): ReturnType<Backend['integrity']> {
    return this.#read(checkIntegrity);
  }

  async close(): Promise<void> {
    await Promise.all([this.#commits.close(), this.#turns.close()]);
    await Promise.all([this.#claiming.close(), this.#working.close()]);
  }

  #change<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#turns.run(() => this.#working.transaction('change', work));
  }

  #read<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#turns.run(() => this.#working.transaction('read', work));
  }

  async #portions(
    first: bigint,
    prune: (transaction: Transaction, from: bigint) => Promise<PrunePortion>,
  ): Promise<number> {
    let removed = 0;
    for (let from: bigint | null = first; from !== null; ) {
      const at: bigint = from;
      const portion: PrunePortion = await this.#change((transaction) => prune(transaction, at));
      removed += portion.removed;
      from = portion.next;
    }
    return removed;
  }
}
