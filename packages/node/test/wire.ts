import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** TCP through a wire that can be held up while both ends think it whole. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #lost = new Set<Socket>();
  #held = false;

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing gets through until `release`; then what was held up does. As a process that stands still, or lost packets. */
  hold(): void {
    this.#held = true;
    for (const socket of this.#sockets) socket.pause();
  }

  release(): void {
    this.#held = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Nothing gets through the connections that there are, for ever; new ones are well. */
  lose(): void {
    for (const socket of this.#sockets) {
      socket.pause();
      this.#lost.add(socket);
    }
    this.#sockets.clear();
  }

  close(): void {
    this.#server.close();
    for (const socket of [...this.#sockets, ...this.#lost]) socket.destroy();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    if (this.#held) from.pause();
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!this.#lost.has(from)) to.destroy();
    });
    from.on('data', (chunk: Buffer) => to.write(chunk));
  }
}
