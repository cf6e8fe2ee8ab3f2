import { noise } from '@chainsafe/libp2p-noise';

type Encrypter = ReturnType<typeof noise>;
type Secure = ReturnType<Encrypter>['secureOutbound'];
type Connection = Parameters<Secure>[0];
type Secured = Awaited<ReturnType<Secure>>['connection'];

/**
 * Noise as libp2p has it, without what makes small messages slow:
 * - It hands the length and the text of a message to the socket one after the other. Where Nagle's delay is off these are
 *   two packets, and two wake-ups of the peer.
 * - After each packet it looks for the length of the next one, and an error with a stack trace tells it that there is none.
 */
export function quickNoise(): Encrypter {
  const make = noise();
  return (components) => {
    const encrypter = make(components);
    const outbound = encrypter.secureOutbound.bind(encrypter);
    const inbound = encrypter.secureInbound.bind(encrypter);
    encrypter.secureOutbound = async (connection, options) => {
      const secured = await outbound(inOnePiece(connection), options);
      return { ...secured, connection: withCheapLengths(secured.connection) };
    };
    encrypter.secureInbound = async (connection, options) => {
      const secured = await inbound(inOnePiece(connection), options);
      return { ...secured, connection: withCheapLengths(secured.connection) };
    };
    return encrypter;
  };
}

function inOnePiece(connection: Connection): Connection {
  const send = connection.send.bind(connection);
  connection.send = (data) => send(data.subarray());
  return connection;
}

/** What of noise's stream is no part of its interface; an upgrade may move it, and then lengths cost what they did. */
interface Decoding {
  readonly decoder?: { lengthDecoder?: (data: Bytes) => number };
}

interface Bytes {
  readonly byteLength: number;
  get(index: number): number;
}

const NO_LENGTH_YET = new RangeError('the length has not come yet');

function withCheapLengths(connection: Secured): Secured {
  const { decoder } = connection as Decoding;
  if (decoder?.lengthDecoder) {
    decoder.lengthDecoder = (data) => {
      if (data.byteLength < 2) throw NO_LENGTH_YET;
      return (data.get(0) << 8) | data.get(1);
    };
  }
  return connection;
}
