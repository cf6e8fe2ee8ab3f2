import type { Libp2p } from 'libp2p';

type Stream = Awaited<ReturnType<Libp2p['dialProtocol']>>;

/** What of yamux' streams is no part of libp2p's interface; an upgrade may move it, and then windows are granted as before. */
interface Windowed {
  sendWindowUpdate?: () => void;
  readonly recvWindow?: number;
  readonly recvWindowCapacity?: number;
}

/**
 * Lets the peer know that it may send on when half of its window is used up, as yamux' specification advises. By itself
 * yamux answers every message with a packet that says so: half of all packets of a cluster.
 */
export function grantSeldom(stream: Stream): Stream {
  const windowed = stream as Windowed;
  const grant = windowed.sendWindowUpdate?.bind(stream);
  if (!grant || windowed.recvWindow === undefined || windowed.recvWindowCapacity === undefined) return stream;
  // The first may carry the acknowledgement of the stream.
  let isFirst = true;
  windowed.sendWindowUpdate = () => {
    if (!isFirst && 2 * windowed.recvWindowCapacity! > windowed.recvWindow!) return;
    isFirst = false;
    grant();
  };
  return stream;
}
