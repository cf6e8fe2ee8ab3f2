import { DashboardError } from '../../errors.ts';
import type { ActiveFaultRow } from '../../shared/state.ts';

const TIMEOUT_MS = 3_000;

/** Follows a devnet's own status: its timer, the faults and the tampering in force. */
export class DevnetReader {
  running = false;
  faults: readonly ActiveFaultRow[] = [];
  tamper: string | null = null;
  readonly #url: string;

  constructor(devnetUrl: string) {
    this.#url = new URL('holdfast/v1/status', devnetUrl.endsWith('/') ? devnetUrl : `${devnetUrl}/`).href;
  }

  async refresh(): Promise<void> {
    const response = await fetch(this.#url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new DashboardError('the devnet refused its status', { data: { status: response.status } });
    const { data } = (await response.json()) as { data: StatusAnswer };
    this.running = data.running;
    this.faults = data.faults.map(({ kind, pubkey, untilSlot }) => ({ kind, pubkey, untilSlot: untilSlot ?? null }));
    this.tamper = data.tamper?.kind ?? null;
  }
}

interface StatusAnswer {
  readonly running: boolean;
  readonly faults: readonly { readonly kind: string; readonly pubkey: string; readonly untilSlot?: number }[];
  readonly tamper: { readonly kind: string } | null;
}
