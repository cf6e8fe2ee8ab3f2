import { type OpenLinks, Peers } from '@holdfast/node';

/** No channel of a cluster's. */
const PING = 200;
const PONG = 201;

/** The links of a node, over which it can also send a word to a peer and back. */
export class Echo {
  #peers: Peers | undefined;
  #heard: (() => void) | undefined;

  readonly open: OpenLinks = async (options) => {
    this.#peers = await Peers.start({
      ...options,
      onMessage: (from, channel, payload) => {
        if (channel === PING) this.#peers?.send(from, PONG, payload);
        else if (channel === PONG) this.#heard?.();
        else options.onMessage(from, channel, payload);
      },
    });
    return this.#peers;
  };

  /** Milliseconds there and back, for as many bytes as a vote has. */
  async roundTrip(peerId: string): Promise<number> {
    const started = performance.now();
    const back = new Promise<void>((resolve) => {
      this.#heard = resolve;
    });
    this.#peers?.send(peerId, PING, new Uint8Array(250));
    await back;
    return performance.now() - started;
  }
}
