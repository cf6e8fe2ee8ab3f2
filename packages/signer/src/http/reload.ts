/** What a reload did. */
export interface ReloadResult {
  readonly added: number;
  readonly removed: number;
  /** One sentence for each key that could not be loaded; never a secret. */
  readonly errors: readonly string[];
}

/** `GET /reload` of the Web3Signer API. */
export interface ReloadState {
  readonly status: 'idle' | 'running' | 'completed' | 'completed_with_errors' | 'failed';
  /** ISO 8601. */
  readonly lastOperationTime?: string;
  readonly lastError?: string;
}

/** Reads the keys again in the background, one reload at a time. */
export class Reloads {
  readonly #reload: () => Promise<ReloadResult>;
  readonly #wallMs: () => number;
  #state: ReloadState = { status: 'idle' };

  constructor(reload: () => Promise<ReloadResult>, wallMs: () => number) {
    this.#reload = reload;
    this.#wallMs = wallMs;
  }

  get state(): ReloadState {
    return this.#state;
  }

  /** The running reload; null when another one is running already. It resolves when done, and never rejects. */
  start(): Promise<ReloadState> | null {
    if (this.#state.status === 'running') return null;
    this.#state = { status: 'running', lastOperationTime: this.#time() };
    return this.#run();
  }

  async #run(): Promise<ReloadState> {
    try {
      const { errors } = await this.#reload();
      const done = { lastOperationTime: this.#time() };
      this.#state =
        errors.length === 0
          ? { status: 'completed', ...done }
          : {
              status: 'completed_with_errors',
              ...done,
              lastError: `Reload completed with ${errors.length} signer loading error(s): ${errors[0]}`,
            };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown';
      this.#state = { status: 'failed', lastOperationTime: this.#time(), lastError: `Reload failed: ${why}` };
    }
    return this.#state;
  }

  #time(): string {
    return new Date(this.#wallMs()).toISOString();
  }
}
