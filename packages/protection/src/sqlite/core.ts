import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { fromHex, type Pubkey, toHex } from '@holdfast/units';
import { Batch, type KeyedDuty, type KeyState, NOTHING_FOUND } from '../decide.ts';
import { type ProtectionError, ProtectionInputError, ProtectionStorageError } from '../errors.ts';
import type { HighWatermark, Watermarks } from '../port.ts';
import { storedRoot } from '../root.ts';
import { RULES, type Rules } from '../rules.ts';
import { toStored } from '../u64.ts';
import { closeDatabase, openDatabase } from './database.ts';
import { asProtectionError, mayGoOn } from './failure.ts';
import { SqliteHistory } from './history.ts';
import { foldLog } from './log.ts';
import { ALLOWED, type PackedDuties, type PackedVerdicts, REFUSED, REPEATED, unpackDuty } from './messages.ts';
import type { SqliteSettings } from './schema.ts';

/** A key and its number. */
export interface KeyNumber {
  readonly pubkey: Pubkey;
  readonly id: number;
}

/** The log is folded after so many records, about 16 MiB; a commit by itself weighs as much as a few pages of records. */
const UNFOLDED_MAX = 60_000;
const COMMIT_WEIGHT = 40;

/**
 * The SQLite store, on the thread that it blocks. It keeps each key's state in memory beside the database, and only as the
 * database has it: a batch works on copies, which take the states' place after COMMIT has returned and never before.
 */
export class SqliteCore {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly history: SqliteHistory;
  readonly #rules: Rules;
  readonly #states = new Map<number, KeyState>();
  readonly #statements: Statements;
  #ceiling: HighWatermark | null;
  #broken: ProtectionError | undefined;
  #unfolded = 0;

  constructor(settings: SqliteSettings, rules: Rules = RULES) {
    this.path = settings.path;
    this.#rules = rules;
    this.database = openDatabase(settings);
    try {
      this.#statements = statementsOf(this.database);
      this.history = new SqliteHistory(this.database, rules);
      this.#ceiling = this.#readCeiling();
    } catch (error) {
      this.database.close();
      throw asProtectionError(error, this.path);
    }
  }

  /** All keys, so that the caller can name them by number. */
  keys(): KeyNumber[] {
    return this.transaction('BEGIN', () =>
      this.database
        .prepare('SELECT id, pubkey FROM keys')
        .all()
        .map(({ id, pubkey }) => ({ id: Number(id), pubkey: toHex(pubkey as Uint8Array) as Pubkey })),
    );
  }

  claim(packed: PackedDuties): PackedVerdicts {
    const codes = new Uint8Array(packed.keys.length);
    const refusals: PackedVerdicts['refusals'][number][] = [];
    const batch = this.transaction('BEGIN IMMEDIATE', () => {
      const deciding = new Batch(this.#rules, this.#ceiling, (key) => this.state(key));
      const duties = Array.from(codes, (_, at) => unpackDuty(packed, at));
      for (const [at, duty] of duties.entries()) {
        const found = deciding.needsHistory(duty) ? this.history.find(duty, this.state(duty.key)!) : NOTHING_FOUND;
        const judgement = deciding.judge(duty, found);
        if (judgement.allowed) codes[at] = judgement.repeated ? REPEATED : ALLOWED;
        else {
          const { rule, record } = judgement;
          codes[at] = REFUSED;
          refusals.push(record === undefined ? { at, rule } : { at, rule, record });
        }
      }
      for (const duty of deciding.additions) this.#insert(duty);
      for (const key of deciding.drawn) this.storeState(key, deciding.states.get(key)!);
      return deciding;
    });
    for (const [key, state] of batch.states) this.#states.set(key, state);
    this.foldNowAndThen(batch.additions.length);
    return { codes, refusals };
  }

  /**
   * After each commit, with the number of records that it changed. They are on disk already: a failure here concerns the
   * next claim, not this one.
   */
  foldNowAndThen(records: number): void {
    this.#unfolded += COMMIT_WEIGHT + records;
    if (this.#unfolded < UNFOLDED_MAX) return;
    this.#unfolded = 0;
    try {
      this.guard(() => foldLog(this.database));
    } catch {
      // A full disk: tried again later. Anything else has shut the store.
    }
  }

  /** Registers the keys that are not known and gives all their numbers. */
  register(pubkeys: readonly Pubkey[], enable: boolean): KeyNumber[] {
    const numbers = this.transaction('BEGIN IMMEDIATE', () => pubkeys.map((pubkey) => this.numberOf(pubkey, enable)));
    if (enable) for (const { id } of numbers) this.forget(id);
    return numbers;
  }

  /** Within a transaction. A key whose row changes must be forgotten after the commit. */
  numberOf(pubkey: Pubkey, enable = false): KeyNumber {
    const bytes = fromHex(pubkey, 48);
    this.#statements.addKey.run(bytes);
    if (enable) this.#statements.enableKey.run(bytes);
    return { pubkey, id: Number(this.#statements.keyNumber.get(bytes)!.id) };
  }

  watermarks(ids: readonly number[]): Omit<Watermarks, 'pubkey'>[] {
    return this.transaction('BEGIN', () =>
      ids.map((id) => {
        const { enabled, blocks, attestations } = this.state(id)!;
        return {
          enabled,
          slot: blocks.drawn ? blocks.line : null,
          sourceEpoch: attestations.drawn ? attestations.lineSource : null,
          targetEpoch: attestations.drawn ? attestations.lineTarget : null,
        };
      }),
    );
  }

  highWatermark(): HighWatermark | null {
    return this.#ceiling;
  }

  setHighWatermark(ceiling: HighWatermark | null): void {
    this.transaction('BEGIN IMMEDIATE', () => {
      this.database.exec(`DELETE FROM meta WHERE name = 'high_watermark'`);
      if (ceiling === null) return;
      const bytes = Buffer.alloc(16);
      bytes.writeBigUInt64BE(ceiling.epoch, 0);
      bytes.writeBigUInt64BE(ceiling.slot, 8);
      this.database.prepare(`INSERT INTO meta VALUES ('high_watermark', ?)`).run(bytes);
    });
    this.#ceiling = ceiling;
  }

  close(): void {
    // A store that failed is not marked as closed in order: its log must be there when it is opened again.
    if (this.#broken) this.database.close();
    else this.guard(() => closeDatabase(this.database));
  }

  /** A key's state as the database has it. */
  state(id: number): KeyState | undefined {
    let state = this.#states.get(id);
    if (state === undefined) {
      state = this.history.stateOf(id);
      if (state !== undefined) this.#states.set(id, state);
    }
    return state;
  }

  /** The key's row has changed: read it anew when it is asked for. */
  forget(id: number): void {
    this.#states.delete(id);
  }

  /**
   * Runs `work` in one transaction. Whatever fails, nothing of it stays. After a failure other than a full disk the store
   * stays shut: when fsync has failed, the kernel may count pages as written that are not on disk, and only reading the
   * file again tells what is.
   */
  transaction<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => T): T {
    this.begin(begin);
    return this.guard(() => {
      const result = work();
      this.database.exec('COMMIT');
      return result;
    });
  }

  /** Runs a part of a transaction; if it fails, the whole transaction is undone. */
  guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.rollback(error);
    }
  }

  begin(begin: 'BEGIN' | 'BEGIN IMMEDIATE'): void {
    if (this.#broken) throw this.#broken;
    this.guard(() => this.database.exec(begin));
  }

  /** Undoes the transaction, for a reason that is not the database's. */
  abandon(): void {
    this.rollback(new ProtectionInputError('given up'));
  }

  /** Undoes the transaction and gives the error to throw. */
  rollback(error: unknown): ProtectionError {
    const failure = asProtectionError(error, this.path);
    // States read inside the transaction may show rows that are gone now.
    this.#states.clear();
    let clean = error instanceof ProtectionInputError || mayGoOn(failure);
    try {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
    } catch {
      clean = false;
    }
    if (!clean)
      this.#broken = new ProtectionStorageError('the protection database failed before and is shut', {
        data: { path: this.path, reason: failure.message },
        cause: failure,
      });
    return failure;
  }

  #insert(duty: KeyedDuty): void {
    if (duty.kind === 'block')
      this.#statements.addBlock.run(duty.key, toStored(duty.block.slot), storedRoot(duty.block.root));
    else {
      const { source, target, root } = duty.attestation;
      this.#statements.addAttestation.run(toStored(target), duty.key, toStored(source), storedRoot(root));
    }
  }

  /** Within a transaction: writes a state's lines and tops into the key's row. */
  storeState(id: number, { blocks, attestations }: KeyState): void {
    const block = blocks.drawn ? [toStored(blocks.line), toStored(blocks.top)] : [null, null];
    const { lineSource, lineTarget, topSource, topTarget } = attestations;
    const attestation = attestations.drawn
      ? [lineSource, lineTarget, topSource, topTarget].map(toStored)
      : [null, null, null, null];
    this.#statements.storeState.run(...block, ...attestation, id);
  }

  #readCeiling(): HighWatermark | null {
    const value = this.database.prepare(`SELECT value FROM meta WHERE name = 'high_watermark'`).get()?.value;
    if (!(value instanceof Uint8Array)) return null;
    const bytes = Buffer.from(value);
    return { epoch: bytes.readBigUInt64BE(0), slot: bytes.readBigUInt64BE(8) };
  }
}

interface Statements {
  readonly addKey: StatementSync;
  readonly enableKey: StatementSync;
  readonly keyNumber: StatementSync;
  readonly addBlock: StatementSync;
  readonly addAttestation: StatementSync;
  readonly storeState: StatementSync;
}

function statementsOf(database: DatabaseSync): Statements {
  return {
    addKey: database.prepare('INSERT INTO keys (pubkey) VALUES (?) ON CONFLICT DO NOTHING'),
    enableKey: database.prepare('UPDATE keys SET disabled = 0 WHERE pubkey = ?'),
    keyNumber: database.prepare('SELECT id FROM keys WHERE pubkey = ?'),
    addBlock: database.prepare('INSERT INTO blocks (key, slot, root) VALUES (?, ?, ?)'),
    addAttestation: database.prepare('INSERT INTO attestations (target, key, source, root) VALUES (?, ?, ?, ?)'),
    storeState: database.prepare(
      `UPDATE keys SET line_slot = ?, top_slot = ?, line_source = ?, line_target = ?, top_source = ?, top_target = ?
       WHERE id = ?`,
    ),
  };
}
