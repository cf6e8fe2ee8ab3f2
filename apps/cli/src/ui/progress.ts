import { styles } from './style.ts';

/** What a progress display needs of the world. */
export interface ProgressPort {
  readonly write: (text: string) => void;
  /** Whether the last line can be rewritten. */
  readonly live: boolean;
  readonly color: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** Steps of something long, each with its time: a spinner on a terminal, one line a step elsewhere. */
export class Progress {
  readonly #port: ProgressPort;
  #step: { readonly title: string; readonly since: number; detail: string } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #frame = 0;

  constructor(port: ProgressPort) {
    this.#port = port;
  }

  /** Runs `task` as a step; `detail` tells what it is at. The step's line stays, with its time. */
  async step<T>(title: string, task: (detail: (text: string) => void) => Promise<T>): Promise<T> {
    const step = { title, since: this.#port.now(), detail: '' };
    this.#step = step;
    this.#timer = this.#port.live ? setInterval(() => this.#draw(), FRAME_MS) : null;
    this.#timer?.unref();
    this.#draw();
    let told = '';
    try {
      const result = await task((text) => {
        step.detail = text;
        told = text;
      });
      this.#end('ok', told);
      return result;
    } catch (error) {
      this.#end('failed', told);
      throw error;
    }
  }

  /** A line of its own, above the spinner. */
  note(text: string): void {
    this.#port.write(`${this.#port.live ? CLEAR_LINE : ''}${text}\n`);
  }

  #draw(): void {
    if (!this.#port.live || !this.#step) return;
    const { title, since, detail } = this.#step;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const { dim, cyan } = styles(this.#port.color);
    const time = dim(seconds(this.#port.now() - since));
    this.#port.write(`${CLEAR_LINE}${cyan(FRAMES[this.#frame]!)} ${title} ${dim(detail)} ${time}`);
  }

  #end(outcome: 'ok' | 'failed', detail: string): void {
    const step = this.#step!;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#step = null;
    const { dim, green, red } = styles(this.#port.color);
    const mark = outcome === 'ok' ? green('✓') : red('✗');
    const time = dim(seconds(this.#port.now() - step.since));
    const told = detail === '' ? '' : ` ${dim(`(${detail})`)}`;
    this.#port.write(`${this.#port.live ? CLEAR_LINE : ''}${mark} ${step.title}${told} ${time}\n`);
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
