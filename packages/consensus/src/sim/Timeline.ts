interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Virtual time: what is due runs in order of time, and of planning where times are equal. */
export class Timeline {
  readonly #heap: Event[] = [];
  #now = 0;
  #planned = 0;
  #ran = 0;

  /** Milliseconds since the schedule began. */
  get now(): number {
    return this.#now;
  }

  get ran(): number {
    return this.#ran;
  }

  /** Plans `run` for a time; for now, if that is past. */
  at(time: number, run: () => void): void {
    const heap = this.#heap;
    const event = { at: Math.max(time, this.#now), order: this.#planned, run };
    this.#planned += 1;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  /** Runs the next event; false when there is none up to `until`. */
  step(until: number): boolean {
    const [first] = this.#heap;
    if (first === undefined || first.at > until) return false;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#sink(last);
    this.#now = first.at;
    this.#ran += 1;
    first.run();
    return true;
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, event)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = event;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
