import type { Pubkey } from '@holdfast/units';
import type { InterchangeKey } from '../interchange/format.ts';
import type { KeyHistory } from '../interchange/parse.ts';
import type { HighWatermark, ImportOptions, ImportReport, IntegrityReport, Watermarks } from '../port.ts';
import { RULES, type Rules } from '../rules.ts';
import { type KeyNumber, SqliteCore } from './core.ts';
import { disableKeys, exportKeys } from './export.ts';
import { SqliteImport } from './import.ts';
import { checkIntegrity } from './integrity.ts';
import type { PackedDuties, PackedVerdicts } from './messages.ts';
import { type PrunePortion, pruneAttestations, pruneBlocks } from './prune.ts';
import type { SqliteSettings } from './schema.ts';

/** What the worker can be asked, one call at a time. */
export class SqliteService {
  readonly #core: SqliteCore;
  #importing: SqliteImport | undefined;

  constructor(settings: SqliteSettings, rules: Rules = RULES) {
    this.#core = new SqliteCore(settings, rules);
  }

  keys(): KeyNumber[] {
    return this.#core.keys();
  }

  claim(packed: PackedDuties): PackedVerdicts {
    return this.#core.claim(packed);
  }

  register(pubkeys: readonly Pubkey[], enable: boolean): KeyNumber[] {
    return this.#core.register(pubkeys, enable);
  }

  importBegin(gaps: NonNullable<ImportOptions['gaps']>): void {
    this.#importing = new SqliteImport(this.#core, gaps);
  }

  importKeys(histories: readonly KeyHistory[]): void {
    this.#importing!.add(histories);
  }

  importEnd(): { readonly report: ImportReport; readonly numbers: readonly KeyNumber[] } {
    const ended = this.#importing!.end();
    this.#importing = undefined;
    return ended;
  }

  /** Undoes an import that failed half-way, whatever the failure was. */
  importAbort(): void {
    if (this.#importing) this.#core.abandon();
    this.#importing = undefined;
  }

  export(ids: readonly number[], minimal: boolean): InterchangeKey[] {
    return this.#core.transaction('BEGIN', () => exportKeys(this.#core, ids, minimal));
  }

  disable(ids: readonly number[]): InterchangeKey[] {
    return disableKeys(this.#core, ids);
  }

  pruneAttestations(from: bigint, epochsToKeep: bigint): PrunePortion {
    return pruneAttestations(this.#core, from, epochsToKeep);
  }

  pruneBlocks(from: bigint, slotsToKeep: bigint): PrunePortion {
    return pruneBlocks(this.#core, from, slotsToKeep);
  }

  watermarks(ids: readonly number[]): Omit<Watermarks, 'pubkey'>[] {
    return this.#core.watermarks(ids);
  }

  highWatermark(): HighWatermark | null {
    return this.#core.highWatermark();
  }

  setHighWatermark(ceiling: HighWatermark | null): void {
    this.#core.setHighWatermark(ceiling);
  }

  integrity(): Omit<IntegrityReport, 'genesisValidatorsRoot'> {
    return checkIntegrity(this.#core);
  }

  close(): void {
    this.#core.close();
  }
}

export type SqliteMethod = keyof SqliteService;
export type SqliteArguments<M extends SqliteMethod> = Parameters<SqliteService[M]>;
export type SqliteResult<M extends SqliteMethod> = ReturnType<SqliteService[M]>;

/** How the store reaches its service: on a thread of its own, or, in tests that change the rules, on the same one. */
export interface SqliteLink {
  call<M extends SqliteMethod>(
    method: M,
    args: SqliteArguments<M>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<SqliteResult<M>>;
  /** Ends the service without waiting for anything. */
  end(): Promise<void>;
}
