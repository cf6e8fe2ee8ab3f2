import type { KeyState } from '../decide.ts';
import { mergeAttestations, mergeBlocks } from '../interchange/merge.ts';
import type { KeyHistory } from '../interchange/parse.ts';
import type { ImportOptions, ImportReport } from '../port.ts';
import { storedRoot } from '../root.ts';
import { toStored } from '../u64.ts';
import type { KeyNumber, SqliteCore } from './core.ts';

/** One import: keys come in portions, all in one transaction that lasts until `end`. */
export class SqliteImport {
  readonly #core: SqliteCore;
  readonly #gaps: NonNullable<ImportOptions['gaps']>;
  readonly #numbers: KeyNumber[] = [];
  readonly #knownBefore: number;
  #blocks = 0;
  #attestations = 0;
  #records = 0;

  constructor(core: SqliteCore, gaps: NonNullable<ImportOptions['gaps']>) {
    this.#core = core;
    this.#gaps = gaps;
    core.begin('BEGIN IMMEDIATE');
    this.#knownBefore = this.#countKeys();
  }

  add(histories: readonly KeyHistory[]): void {
    this.#core.guard(() => this.#add(histories));
  }

  #add(histories: readonly KeyHistory[]): void {
    const { database } = this.#core;
    // Not if the record, as the file has it, is there already.
    const block = database.prepare(
      `INSERT OR IGNORE INTO blocks (key, slot, root) SELECT ?1, ?2, ?3
       WHERE NOT EXISTS (SELECT 1 FROM blocks WHERE key = ?1 AND slot = ?2 AND root = ?4)`,
    );
    const attestation = database.prepare(
      `INSERT OR IGNORE INTO attestations (target, key, source, root) SELECT ?1, ?2, ?3, ?4
       WHERE NOT EXISTS (SELECT 1 FROM attestations WHERE target = ?1 AND key = ?2 AND source = ?3 AND root = ?5)`,
    );
    for (const history of histories) {
      const number = this.#core.numberOf(history.pubkey);
      this.#numbers.push(number);
      const before = this.#core.state(number.id)!;
      const blocks = mergeBlocks(before.blocks, history.blocks, this.#gaps);
      const attestations = mergeAttestations(before.attestations, history.attestations, this.#gaps);
      this.#records += history.blocks.length + history.attestations.length;
      for (const { record, storedRoot: kept } of blocks.records) {
        const row = [number.id, toStored(record.slot), storedRoot(kept)] as const;
        this.#blocks += Number(block.run(...row, storedRoot(record.root)).changes);
      }
      for (const { record, storedRoot: kept } of attestations.records) {
        const row = [toStored(record.target), number.id, toStored(record.source), storedRoot(kept)] as const;
        this.#attestations += Number(attestation.run(...row, storedRoot(record.root)).changes);
      }
      const after: KeyState = {
        enabled: before.enabled,
        blocks: blocks.frontier,
        attestations: attestations.frontier,
      };
      this.#core.storeState(number.id, after);
      this.#core.forget(number.id);
    }
  }

  /** Commits. The numbers are those of the file's keys. */
  end(): { readonly report: ImportReport; readonly numbers: readonly KeyNumber[] } {
    const keysAdded = this.#countKeys() - this.#knownBefore;
    this.#core.guard(() => this.#core.database.exec('COMMIT'));
    this.#core.foldNowAndThen(this.#blocks + this.#attestations);
    const report = {
      keys: new Set(this.#numbers.map(({ id }) => id)).size,
      keysAdded,
      blocks: this.#blocks,
      attestations: this.#attestations,
      known: this.#records - this.#blocks - this.#attestations,
    };
    return { report, numbers: this.#numbers };
  }

  #countKeys(): number {
    return Number(this.#core.database.prepare('SELECT count(*) AS n FROM keys').get()!.n);
  }
}
