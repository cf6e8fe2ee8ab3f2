import type { Pubkey } from '@holdfast/units';
import { type CommitHooks, GroupCommit } from '../group-commit.ts';
import type { InterchangeKey } from '../interchange/format.ts';
import type { KeyHistory } from '../interchange/parse.ts';
import { refusalMessage } from '../message.ts';
import type { Duty, HighWatermark, ImportOptions, ImportReport, PruneReport, Verdict, Watermarks } from '../port.ts';
import { rootBytes } from '../root.ts';
import type { Backend } from '../store.ts';
import { toStored } from '../u64.ts';
import type { KeyNumber } from './core.ts';
import {
  buffersOf,
  type PackedVerdicts,
  packAttestation,
  packBlock,
  packedDuties,
  REFUSED,
  REPEATED,
} from './messages.ts';
import type { PrunePortion } from './prune.ts';
import type { SqliteLink } from './service.ts';

const RECORDS_PER_MESSAGE = 10_000;
const KEYS_PER_MESSAGE = 200;

const ALLOWED_NEW: Verdict = Object.freeze({ allowed: true, repeated: false });
const ALLOWED_REPEAT: Verdict = Object.freeze({ allowed: true, repeated: true });

/** The side of the SQLite store that its caller's thread sees: knows keys by number, groups claims, packs and unpacks. */
export class SqliteBackend implements Backend {
  readonly #link: SqliteLink;
  readonly #numbers = new Map<Pubkey, number>();
  readonly #commits: GroupCommit;

  constructor(link: SqliteLink, keys: readonly KeyNumber[], hooks: CommitHooks = {}) {
    this.#link = link;
    this.#learn(keys);
    this.#commits = new GroupCommit((duties) => this.#commit(duties), hooks);
  }

  claim(duties: readonly Duty[]): Promise<readonly Verdict[]> {
    return this.#commits.submit(duties);
  }

  register(pubkeys: readonly Pubkey[], enable: boolean): Promise<void> {
    return this.#commits.alone(async () => this.#learn(await this.#link.call('register', [pubkeys, enable])));
  }

  import(histories: readonly KeyHistory[], gaps: NonNullable<ImportOptions['gaps']>): Promise<ImportReport> {
    return this.#commits.alone(async () => {
      await this.#link.call('importBegin', [gaps]);
      try {
        for (const portion of portionsOf(histories)) await this.#link.call('importKeys', [portion]);
        const { report, numbers } = await this.#link.call('importEnd', []);
        this.#learn(numbers);
        return report;
      } catch (error) {
        await this.#link.call('importAbort', []);
        throw error;
      }
    });
  }

  export(pubkeys: readonly Pubkey[] | undefined, minimal: boolean): Promise<readonly InterchangeKey[]> {
    return this.#commits.alone(async () => {
      const ids = this.#idsOf(pubkeys);
      const exported: InterchangeKey[] = [];
      for (let from = 0; from < ids.length; from += KEYS_PER_MESSAGE) {
        const portion = await this.#link.call('export', [ids.slice(from, from + KEYS_PER_MESSAGE), minimal]);
        for (const key of portion) exported.push(key);
      }
      return exported;
    });
  }

  disable(pubkeys: readonly Pubkey[]): Promise<readonly InterchangeKey[]> {
    return this.#commits.alone(() => this.#link.call('disable', [this.#idsOf(pubkeys)]));
  }

  /** Portion by portion; claims go between them. */
  async prune(epochsToKeep: bigint, slotsToKeep: bigint): Promise<PruneReport> {
    const attestations = await this.#portions(toStored(0n), (from) =>
      this.#link.call('pruneAttestations', [from, epochsToKeep]),
    );
    const blocks = await this.#portions(0n, (from) => this.#link.call('pruneBlocks', [from, slotsToKeep]));
    return { blocks, attestations };
  }

  watermarks(pubkeys: readonly Pubkey[] | undefined): Promise<readonly Watermarks[]> {
    return this.#commits.alone(async () => {
      const known = pubkeys === undefined ? [...this.#numbers.keys()] : pubkeys.filter((key) => this.#numbers.has(key));
      const found = await this.#link.call('watermarks', [this.#idsOf(known)]);
      return found.map((watermarks, index) => ({ pubkey: known[index]!, ...watermarks }));
    });
  }

  highWatermark(): Promise<HighWatermark | null> {
    return this.#commits.alone(() => this.#link.call('highWatermark', []));
  }

  setHighWatermark(highWatermark: HighWatermark | null): Promise<void> {
    return this.#commits.alone(() => this.#link.call('setHighWatermark', [highWatermark]));
  }

  integrity(): ReturnType<Backend['integrity']> {
    return this.#commits.alone(() => this.#link.call('integrity', []));
  }

  async close(): Promise<void> {
    await this.#commits.close();
    try {
      await this.#link.call('close', []);
    } finally {
      await this.#link.end();
    }
  }

  async #commit(duties: readonly Duty[]): Promise<readonly Verdict[]> {
    const packed = packedDuties(duties.length);
    duties.forEach((duty, at) => {
      // Numbers begin at 1, so an unknown key has a number that no key has.
      const key = this.#numbers.get(duty.pubkey) ?? 0;
      const root = rootBytes(duty.signingRoot);
      if (duty.kind === 'block') packBlock(packed, at, key, duty.slot, root);
      else packAttestation(packed, at, key, duty.sourceEpoch, duty.targetEpoch, root);
    });
    return verdictsOf(duties, await this.#link.call('claim', [packed], buffersOf(packed)));
  }

  async #portions(first: bigint, prune: (from: bigint) => Promise<PrunePortion>): Promise<number> {
    let removed = 0;
    for (let from: bigint | null = first; from !== null; ) {
      const at: bigint = from;
      const portion: PrunePortion = await this.#commits.alone(() => prune(at));
      removed += portion.removed;
      from = portion.next;
    }
    return removed;
  }

  #learn(keys: readonly KeyNumber[]): void {
    for (const { pubkey, id } of keys) this.#numbers.set(pubkey, id);
  }

  #idsOf(pubkeys: readonly Pubkey[] | undefined): number[] {
    if (pubkeys === undefined) return [...this.#numbers.values()];
    return pubkeys.map((pubkey) => this.#numbers.get(pubkey)).filter((id) => id !== undefined);
  }
}

function verdictsOf(duties: readonly Duty[], { codes, refusals }: PackedVerdicts): Verdict[] {
  const verdicts = Array.from(codes, (code) => (code === REPEATED ? ALLOWED_REPEAT : ALLOWED_NEW));
  for (const { at, rule, record } of refusals)
    verdicts[at] = { allowed: false, rule, message: refusalMessage(duties[at]!, rule, record) };
  // A refusal without its rule would come out as an allowance: count them.
  const refused = codes.reduce((count, code) => count + (code === REFUSED ? 1 : 0), 0);
  if (refused !== refusals.length || codes.length !== duties.length)
    throw new RangeError(`${refusals.length} refusals for ${refused} refused of ${duties.length} duties`);
  return verdicts;
}

/** Histories in messages of a bearable size. A key stays whole: its lines come from all of its records. */
function* portionsOf(histories: readonly KeyHistory[]): Generator<KeyHistory[]> {
  let portion: KeyHistory[] = [];
  let room = RECORDS_PER_MESSAGE;
  for (const history of histories) {
    portion.push(history);
    room -= 1 + history.blocks.length + history.attestations.length;
    if (room > 0) continue;
    yield portion;
    [portion, room] = [[], RECORDS_PER_MESSAGE];
  }
  if (portion.length > 0) yield portion;
}
