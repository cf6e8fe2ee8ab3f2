import { connect, createServer, type Server, type Socket } from 'node:net';

/** `silent`: nothing arrives and nothing ends, as behind a firewall that drops. `cut`: every connection is reset. */
export type WireState = 'whole' | 'silent' | 'cut';

/** One node's way to another, over a TCP port of its own, which can be cut. */
class Wire {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #joined = new Map<Socket, Socket>();
  /** Came while nothing arrived. */
  readonly #waiting = new Set<Socket>();
  #state: WireState = 'whole';

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async to(targetPort: number): Promise<Wire> {
    const wire = new Wire(targetPort);
    await new Promise<void>((done) => wire.#server.listen(0, '127.0.0.1', done));
    return wire;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  set state(state: WireState) {
    this.#state = state;
    if (state === 'cut') this.#reset();
    for (const [near, far] of this.#joined) (state === 'whole' ? flow : stall)(near, far);
    // Whoever waited asks again: what it was told meanwhile is nothing.
    if (state !== 'silent') for (const socket of this.#waiting) socket.destroy();
  }

  close(): Promise<void> {
    this.#reset();
    for (const socket of this.#waiting) socket.destroy();
    return new Promise((done) => this.#server.close(() => done()));
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    if (this.#state === 'silent') {
      this.#waiting.add(near.on('close', () => this.#waiting.delete(near)));
      return;
    }
    const far = connect(this.#targetPort, '127.0.0.1');
    this.#joined.set(near, far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#joined.delete(near);
        other.destroy();
      });
    }
    flow(near, far);
  }

  #reset(): void {
    for (const [near, far] of this.#joined) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }
}

function flow(near: Socket, far: Socket): void {
  near.pipe(far);
  far.pipe(near);
}

function stall(near: Socket, far: Socket): void {
  near.unpipe(far).pause();
  far.unpipe(near).pause();
}

/**
 * The wires among the nodes of a cluster, one for each way of dialling, so that any two can be parted. What was sent
 * before a silence arrives after it, late.
 */
export class Wires {
  readonly #wires: ReadonlyMap<string, Wire>;

  private constructor(wires: ReadonlyMap<string, Wire>) {
    this.#wires = wires;
  }

  /** @param ports where nodes 1, 2, … listen */
  static async among(ports: readonly number[]): Promise<Wires> {
    const wires = new Map<string, Wire>();
    for (const from of ports.keys()) {
      for (const [to, port] of ports.entries())
        if (from !== to) wires.set(`${from + 1}-${to + 1}`, await Wire.to(port));
    }
    return new Wires(wires);
  }

  /** As `holdfast node` of `from` takes it: where it finds each of the others. */
  peersOf(from: number): string[] {
    return [...this.#wires].flatMap(([way, { port }]) => {
      const [near, far] = way.split('-');
      return Number(near) === from ? ['--peer', `${far}=/ip4/127.0.0.1/tcp/${port}`] : [];
    });
  }

  /** Parts the nodes of `side` from all others. */
  part(side: readonly number[], state: Exclude<WireState, 'whole'>): void {
    for (const [way, wire] of this.#wires) {
      const [near, far] = way.split('-').map((node) => side.includes(Number(node)));
      if (near !== far) wire.state = state;
    }
  }

  heal(): void {
    for (const wire of this.#wires.values()) wire.state = 'whole';
  }

  async close(): Promise<void> {
    await Promise.all([...this.#wires.values()].map((wire) => wire.close()));
  }
}
