import type { Pubkey, Root } from '@holdfast/units';
import { ProtectionInputError } from './errors.ts';
import type { Interchange, InterchangeKey } from './interchange/format.ts';
import { type KeyHistory, parseInterchange } from './interchange/parse.ts';
import { interchangeOf } from './interchange/write.ts';
import type {
  Duty,
  ExportOptions,
  HighWatermark,
  ImportOptions,
  ImportReport,
  IntegrityReport,
  ProtectionStore,
  PruneOptions,
  PruneReport,
  Verdict,
  Watermarks,
} from './port.ts';
import { rootBytes } from './root.ts';
import { isU64 } from './u64.ts';

/** What an adapter does; what all have in common is in `Store`. Pubkeys are well formed and in lower case here. */
export interface Backend {
  claim(duties: readonly Duty[]): Promise<readonly Verdict[]>;
  register(pubkeys: readonly Pubkey[], enable: boolean): Promise<void>;
  import(histories: readonly KeyHistory[], gaps: NonNullable<ImportOptions['gaps']>): Promise<ImportReport>;
  export(pubkeys: readonly Pubkey[] | undefined, minimal: boolean): Promise<readonly InterchangeKey[]>;
  disable(pubkeys: readonly Pubkey[]): Promise<readonly InterchangeKey[]>;
  prune(epochsToKeep: bigint, slotsToKeep: bigint): Promise<PruneReport>;
  watermarks(pubkeys: readonly Pubkey[] | undefined): Promise<readonly Watermarks[]>;
  highWatermark(): Promise<HighWatermark | null>;
  setHighWatermark(highWatermark: HighWatermark | null): Promise<void>;
  integrity(): Promise<Omit<IntegrityReport, 'genesisValidatorsRoot'>>;
  close(): Promise<void>;
}

/** The port over an adapter: inputs are checked here, files read and written. */
export class Store implements ProtectionStore {
  readonly genesisValidatorsRoot: Root;
  readonly #backend: Backend;

  constructor(genesisValidatorsRoot: Root, backend: Backend) {
    this.genesisValidatorsRoot = genesisValidatorsRoot;
    this.#backend = backend;
  }

  async claim(duty: Duty): Promise<Verdict> {
    checkDuty(duty);
    return (await this.#backend.claim([duty]))[0]!;
  }

  async claimAll(duties: readonly Duty[]): Promise<readonly Verdict[]> {
    for (const duty of duties) checkDuty(duty);
    return this.#backend.claim(duties);
  }

  async register(pubkeys: readonly Pubkey[]): Promise<void> {
    await this.#backend.register(distinct(pubkeys), false);
  }

  async enable(pubkeys: readonly Pubkey[]): Promise<void> {
    await this.#backend.register(distinct(pubkeys), true);
  }

  async import(interchange: unknown, { gaps = 'refuse' }: ImportOptions = {}): Promise<ImportReport> {
    return this.#backend.import(await parseInterchange(interchange, this.genesisValidatorsRoot), gaps);
  }

  async export({ pubkeys, minimal = false }: ExportOptions = {}): Promise<Interchange> {
    const wanted = pubkeys === undefined ? undefined : distinct(pubkeys);
    return interchangeOf(this.genesisValidatorsRoot, await this.#backend.export(wanted, minimal));
  }

  async disable(pubkeys: readonly Pubkey[]): Promise<Interchange> {
    return interchangeOf(this.genesisValidatorsRoot, await this.#backend.disable(distinct(pubkeys)));
  }

  async prune({ epochsToKeep, slotsPerEpoch = 32n }: PruneOptions): Promise<PruneReport> {
    const slotsToKeep = epochsToKeep * slotsPerEpoch;
    if (epochsToKeep < 1n || slotsPerEpoch < 1n || !isU64(epochsToKeep) || !isU64(slotsToKeep))
      throw new ProtectionInputError('not a number of epochs to keep', {
        data: { epochsToKeep, slotsPerEpoch },
        fix: 'Keep at least one epoch',
      });
    return this.#backend.prune(epochsToKeep, slotsToKeep);
  }

  async watermarks(pubkeys?: readonly Pubkey[]): Promise<readonly Watermarks[]> {
    return this.#backend.watermarks(pubkeys === undefined ? undefined : distinct(pubkeys));
  }

  highWatermark(): Promise<HighWatermark | null> {
    return this.#backend.highWatermark();
  }

  async setHighWatermark(highWatermark: HighWatermark | null): Promise<void> {
    if (highWatermark !== null) {
      requireU64('epoch', highWatermark.epoch);
      requireU64('slot', highWatermark.slot);
    }
    await this.#backend.setHighWatermark(highWatermark);
  }

  async integrity(): Promise<IntegrityReport> {
    return { genesisValidatorsRoot: this.genesisValidatorsRoot, ...(await this.#backend.integrity()) };
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}

/** Types vouch for a duty's form only where the caller was compiled with them; a wrong one here could sign twice. */
function checkDuty(duty: Duty): void {
  if (duty.kind === 'block') requireU64('slot', duty.slot);
  else if (duty.kind === 'attestation') {
    requireU64('sourceEpoch', duty.sourceEpoch);
    requireU64('targetEpoch', duty.targetEpoch);
  } else throw new ProtectionInputError('not a kind of duty', { data: { kind: (duty as { kind: unknown }).kind } });
  requirePubkey(duty.pubkey);
  rootBytes(duty.signingRoot);
}

function requireU64(name: string, value: unknown): void {
  if (!isU64(value))
    throw new ProtectionInputError(`${name} is not a uint64`, {
      data: { [name]: value },
      fix: 'Give a bigint from 0 to 2^64 - 1',
    });
}

function requirePubkey(pubkey: unknown): void {
  if (typeof pubkey !== 'string' || !/^0x[0-9a-f]{96}$/.test(pubkey))
    throw new ProtectionInputError('not a public key', { data: { pubkey }, fix: 'Give 48 bytes as lower-case hex' });
}

function distinct(pubkeys: readonly Pubkey[]): Pubkey[] {
  for (const pubkey of pubkeys) requirePubkey(pubkey);
  return [...new Set(pubkeys)];
}
