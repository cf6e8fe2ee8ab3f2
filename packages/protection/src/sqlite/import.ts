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
    const block = database.prepare('INSERT OR IGNORE INTO blocks (key, slot, root) VALUES (?, ?, ?)');
    const attestation = database.prepare(
      'INSERT OR IGNORE INTO attestations (target, key, source, root) VALUES (?, ?, ?, ?)',
    );
    for (const history of histories) {
      const number = this.#core.numberOf(history.pubkey);
      this.#numbers.push(number);
      const before = this.#core.state(number.id)!;
      const blocks = mergeBlocks(before.blocks, history.blocks, this.#gaps);
      const attestations = mergeAttestations(before.attestations, history.attestations, this.#gaps);
      this.#records += history.blocks.length + history.attestations.length;
      for (const { slot, root } of blocks.kept)
        this.#blocks += Number(block.run(number.id, toStored(slot), storedRoot(root)).changes);
      for (const { source, target, root } of attestations.kept) {
        const row = [toStored(target), number.id, toStored(source), storedRoot(root)] as const;
        this.#attestations += Number(attestation.run(...row).changes);
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
