import type { HealthCheck } from './ports.ts';

/** `GET /healthcheck` of the Web3Signer API. */
export interface Health {
  readonly status: 'UP' | 'DOWN';
  readonly checks: readonly { readonly id: string; readonly status: 'UP' | 'DOWN'; readonly reason?: string }[];
  readonly outcome: 'UP' | 'DOWN';
}

const TIMEOUT_MS = 2_000;
/** Anybody may ask, so an answer is given again for this long: asking often costs the stores nothing. */
const FRESH_MS = 1_000;

/** Runs the checks side by side. A check that does not answer in time is down. */
export class HealthChecks {
  readonly #checks: ReadonlyMap<string, HealthCheck>;
  readonly #now: () => number;
  #last: { readonly at: number; readonly health: Promise<Health> } | null = null;

  constructor(checks: ReadonlyMap<string, HealthCheck>, now: () => number) {
    this.#checks = checks;
    this.#now = now;
  }

  read(): Promise<Health> {
    const at = this.#now();
    if (this.#last === null || at - this.#last.at >= FRESH_MS) this.#last = { at, health: this.#run() };
    return this.#last.health;
  }

  async #run(): Promise<Health> {
    const checks = await Promise.all(
      [...this.#checks].map(async ([id, check]) => ({ id, ...(await outcomeOf(check)) })),
    );
    const status = checks.every((check) => check.status === 'UP') ? 'UP' : 'DOWN';
    return { status, checks, outcome: status };
  }
}

async function outcomeOf(check: HealthCheck): Promise<{ status: 'UP' | 'DOWN'; reason?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), late]);
    return { status: 'UP' };
  } catch (error) {
    return { status: 'DOWN', reason: error instanceof Error ? error.message : 'unknown' };
  } finally {
    clearTimeout(timer);
  }
}
