import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Root } from '@holdfast/units';
import { describe, expect, it } from 'vitest';
import type { KeyedDuty } from '../src/decide.ts';
import { openSqliteProtection } from '../src/index.ts';
import { SqliteCore } from '../src/sqlite/core.ts';
import { openWorker } from '../src/sqlite/link.ts';
import { ALLOWED, packAttestation, packBlock, packedDuties, REPEATED } from '../src/sqlite/messages.ts';
import { GENESIS } from './support/inline.ts';
import { pubkeyOf } from './support/model.ts';
import { databases } from './support/sqlite.ts';

const path = databases();
const KEYS = 4;
const rootAt = (value: number): Buffer => Buffer.alloc(32, value);

/** A store on this thread, whose database can be made to fail. */
function openCore(file: string, pagesMax?: number): SqliteCore {
  const core = new SqliteCore({ path: file, genesisValidatorsRoot: GENESIS, ...(pagesMax && { pagesMax }) });
  core.register(
    Array.from({ length: KEYS }, (_, key) => pubkeyOf(key)),
    false,
  );
  return core;
}

const vote = (key: number, source: bigint, target: bigint, root = 1): KeyedDuty => ({
  kind: 'attestation',
  key,
  attestation: { source, target, root: rootAt(root) },
});

/** The verdicts in one letter each: a new one, a repeated one, or a refusal's rule. */
function claim(core: SqliteCore, duties: readonly KeyedDuty[]): string[] {
  const packed = packedDuties(duties.length);
  duties.forEach((duty, at) => {
    if (duty.kind === 'block') packBlock(packed, at, duty.key, duty.block.slot, duty.block.root);
    else {
      const { source, target, root } = duty.attestation;
      packAttestation(packed, at, duty.key, source, target, root);
    }
  });
  const { codes, refusals } = core.claim(packed);
  const rules = new Map(refusals.map(({ at, rule }) => [at, rule]));
  return Array.from(codes, (code, at) => (code === ALLOWED ? 'new' : code === REPEATED ? 'again' : rules.get(at)!));
}

/** Lets one statement fail as SQLite would, after it has run or instead of it. */
function failOn(core: SqliteCore, statement: string, errcode: number, ran: boolean): void {
  const exec = core.database.exec.bind(core.database);
  core.database.exec = (sql) => {
    if (sql !== statement) return exec(sql);
    core.database.exec = exec;
    if (ran) exec(sql);
    throw Object.assign(new Error('simulated'), { errcode });
  };
}

const FULL = 13;
const IOERR_FSYNC = 10 | (4 << 8);

describe('a disk that is full', () => {
  it('allows nothing more, forgets nothing, and goes on when there is room again', () => {
    const file = path();
    const core = openCore(file, 40);
    let epoch = 1n;
    const batch = (at: bigint, root: number) =>
      Array.from({ length: 400 }, (_, index) =>
        vote(1 + (index % KEYS), at + BigInt(index), at + BigInt(index) + 1n, root),
      );
    expect(() => {
      for (; epoch < 100_000n; epoch += 400n) expect(claim(core, batch(epoch, 1))).toEqual(Array(400).fill('new'));
    }).toThrow(expect.objectContaining({ code: 'PROTECTION_FULL' }));
    // Not behind the disk: what was stored still binds. Not ahead of it: what was not stored binds nothing.
    expect(claim(core, [vote(1, epoch - 5n, epoch - 4n + 4n, 1)])).not.toEqual(['new']);
    expect(claim(core, [vote(1, epoch - 400n, epoch - 399n, 1), vote(1, epoch - 400n, epoch - 399n, 2)])).toEqual([
      'again',
      'double-vote',
    ]);
    core.database.exec('PRAGMA max_page_count = 1000000');
    expect(claim(core, batch(epoch, 2))).toEqual(Array(400).fill('new'));
    core.close();
    const again = openCore(file);
    expect(claim(again, batch(epoch, 2))).toEqual(Array(400).fill('again'));
    expect(claim(again, batch(epoch, 3))).toEqual(Array(400).fill('double-vote'));
    again.close();
  });

  it('at COMMIT: rolled back, in memory too', () => {
    const core = openCore(path());
    claim(core, [vote(1, 1n, 2n)]);
    failOn(core, 'COMMIT', FULL, false);
    expect(() => claim(core, [vote(1, 2n, 3n, 1), vote(2, 5n, 6n, 1)])).toThrow(
      expect.objectContaining({ code: 'PROTECTION_FULL' }),
    );
    expect(claim(core, [vote(1, 2n, 3n, 2), vote(2, 1n, 2n, 2), vote(1, 1n, 2n, 2)])).toEqual([
      'new',
      'new',
      'double-vote',
    ]);
    core.close();
  });
});

describe('a disk that fails', () => {
  it.each([true, false])('at COMMIT (stored: %s): no verdict, and shut until it is opened again', (stored) => {
    const file = path();
    const core = openCore(file);
    claim(core, [vote(1, 1n, 2n)]);
    failOn(core, 'COMMIT', IOERR_FSYNC, stored);
    expect(() => claim(core, [vote(1, 2n, 3n)])).toThrow(expect.objectContaining({ code: 'PROTECTION_STORAGE' }));
    expect(() => claim(core, [vote(1, 2n, 3n)])).toThrow(/failed before and is shut/);
    expect(() => core.watermarks([1])).toThrow(/failed before and is shut/);
    core.close();
    const again = openCore(file);
    // Asked again for the same root, it is allowed either way; for another, only if nothing was stored.
    expect(claim(again, [vote(1, 2n, 3n, stored ? 2 : 1)])).toEqual([stored ? 'double-vote' : 'new']);
    expect(claim(again, [vote(1, 2n, 3n, 1)])).toEqual(['again']);
    again.close();
  });
});

/** A database with some history, closed in order. */
function filled(): { file: string; duties: KeyedDuty[] } {
  const file = path();
  const core = openCore(file);
  const duties = Array.from({ length: 2000 }, (_, index) =>
    vote(1 + (index % KEYS), BigInt(index >> 2), BigInt(index >> 2) + 1n, 7),
  );
  claim(core, duties);
  core.close();
  return { file, duties };
}

const CORRUPT = expect.objectContaining({ code: 'PROTECTION_CORRUPT' });

describe('a damaged file', () => {
  const { file, duties } = filled();
  const whole = readFileSync(file);

  it.each([0, 1, 100, 4095, 4096, 8192, whole.length >> 1, whole.length - 4096, whole.length - 1])(
    'cut to %d bytes: refused',
    (length) => {
      const damaged = path();
      copyFileSync(file, damaged);
      truncateSync(damaged, length);
      expect(() => openCore(damaged)).toThrow(CORRUPT);
    },
  );

  it('overwritten with anything: refused', () => {
    const damaged = path();
    writeFileSync(damaged, Buffer.alloc(8192, 'not a database '));
    expect(() => openCore(damaged)).toThrow(CORRUPT);
  });

  it('with a page of zeros, wherever it is: refused', () => {
    for (let page = 0; page * 4096 < whole.length; page += 1) {
      const damaged = path();
      writeFileSync(damaged, Buffer.from(whole).fill(0, page * 4096, (page + 1) * 4096));
      expect(() => openCore(damaged), `page ${page}`).toThrow(CORRUPT);
    }
  });

  it('with a flipped bit somewhere: refused, or no second vote for a target all the same', () => {
    let refused = 0;
    for (let round = 0; round < 60; round += 1) {
      const damaged = path();
      const at = (round * 7919 * 31) % whole.length;
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ (1 << (round % 8));
      writeFileSync(damaged, bytes);
      try {
        const core = openCore(damaged);
        const other = duties.map((duty) =>
          vote(
            duty.key,
            (duty as { attestation: { source: bigint } }).attestation.source,
            (duty as { attestation: { target: bigint } }).attestation.target,
            9,
          ),
        );
        expect(claim(core, other), `bit ${round % 8} of byte ${at}`).not.toContain('new');
        core.close();
      } catch (error) {
        expect(error, `bit ${round % 8} of byte ${at}`).toMatchObject({ code: expect.stringMatching(/^PROTECTION_/) });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});

/** What a killed process leaves: the file and its log as they are, while the database is open. */
function killed(): { file: string; copy: () => string } {
  const file = path();
  const core = openCore(file);
  for (let epoch = 0n; epoch < 20n; epoch += 1n) claim(core, [vote(1, epoch, epoch + 1n, 7)]);
  const [bytes, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
  core.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
  return {
    file,
    copy: () => {
      const to = path();
      writeFileSync(to, bytes);
      writeFileSync(`${to}-wal`, log);
      return to;
    },
  };
}

describe('the log that a killed process leaves', () => {
  const { copy } = killed();
  const others = Array.from({ length: 20 }, (_, epoch) => vote(1, BigInt(epoch), BigInt(epoch) + 1n, 9));

  it('is taken up: nothing is lost', () => {
    const core = openCore(copy());
    expect(claim(core, others)).toEqual(Array(20).fill('double-vote'));
    core.close();
  });

  it('is missed when it is gone', () => {
    const file = copy();
    rmSync(`${file}-wal`);
    expect(() => openCore(file)).toThrow(CORRUPT);
    // And it stays refused: the first try has left nothing behind that would let the second one pass.
    expect(() => openCore(file)).toThrow(CORRUPT);
  });

  it('is not missed when the process ended without closing, and SQLite has folded it', async () => {
    const file = path();
    const { link } = await openWorker({ path: file, genesisValidatorsRoot: GENESIS });
    const [key] = await link.call('register', [[pubkeyOf(0)], false]);
    await link.end();
    expect(existsSync(`${file}-wal`)).toBe(false);
    const core = openCore(file);
    expect(core.keys()[0]).toEqual(key);
    core.close();
  });

  it('is folded into the file now and then, and begun anew', () => {
    const file = path();
    const core = openCore(file);
    const claims = (epoch: bigint) => Array.from({ length: KEYS }, (_, key) => vote(key + 1, epoch, epoch + 1n));
    for (let epoch = 0n; epoch < 50n; epoch += 1n) claim(core, claims(epoch));
    const before = readFileSync(file).length;
    core.foldNowAndThen(1_000_000);
    expect(readFileSync(file).length).toBeGreaterThan(before);
    for (let epoch = 50n; epoch < 60n; epoch += 1n) claim(core, claims(epoch));
    // As a kill would leave it.
    const to = path();
    for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${to}${end}`);
    core.close();
    const again = openCore(to);
    for (let epoch = 0n; epoch < 60n; epoch += 1n)
      expect(claim(again, claims(epoch))).toEqual(Array(KEYS).fill('again'));
    again.close();
  });

  it('with damage in the middle: refused', () => {
    const size = readFileSync(`${copy()}-wal`).length;
    for (const at of [3, 20, 40, 100, 5000, size >> 1, size - 3 * 4120]) {
      const file = copy();
      const log = readFileSync(`${file}-wal`);
      log[at] = log[at]! ^ 0x10;
      writeFileSync(`${file}-wal`, log);
      expect(() => openCore(file), `byte ${at}`).toThrow(CORRUPT);
    }
  });

  it('with a torn last write, which nobody was told of: opened without it', () => {
    const file = copy();
    const log = readFileSync(`${file}-wal`);
    truncateSync(`${file}-wal`, log.length - 100);
    const core = openCore(file);
    expect(claim(core, others.slice(0, 19))).toEqual(Array(19).fill('double-vote'));
    core.close();
  });
});

describe('a file that cannot be used', () => {
  const open = (file: string, genesisValidatorsRoot: Root = GENESIS) =>
    openSqliteProtection({ path: file, genesisValidatorsRoot });

  it('is held by another store: refused, and free when that one is closed', async () => {
    const file = path();
    const first = await open(file);
    await expect(open(file)).rejects.toMatchObject({ code: 'PROTECTION_LOCKED' });
    expect(await first.integrity()).toMatchObject({ ok: true });
    await first.close();
    await (await open(file)).close();
  });

  it('has no place, or no right to be there', async () => {
    for (const file of ['/proc/holdfast.sqlite', `${path()}/nowhere/protection.sqlite`, '/'])
      await expect(open(file), file).rejects.toMatchObject({ code: 'PROTECTION_STORAGE' });
  });

  it('is a database of something else, or of another version', async () => {
    const file = path();
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE t (x)');
    other.close();
    await expect(open(file)).rejects.toMatchObject({ code: 'PROTECTION_SCHEMA' });
    const newer = path();
    await (await open(newer)).close();
    const edit = new DatabaseSync(newer);
    edit.exec('PRAGMA user_version = 2');
    edit.close();
    await expect(open(newer)).rejects.toMatchObject({ code: 'PROTECTION_SCHEMA', data: { version: 2 } });
  });

  it('is of another network', async () => {
    const file = path();
    await (await open(file)).close();
    await expect(open(file, `0x${'01'.repeat(32)}` as Root)).rejects.toMatchObject({ code: 'PROTECTION_GENESIS' });
  });
});
