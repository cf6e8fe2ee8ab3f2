import { FrameError } from '../errors.ts';

/** One partial signature as it travels. */
export interface WirePartial {
  /** Which validator of the lock. */
  readonly validator: number;
  /** 32 bytes. */
  readonly signingRoot: Uint8Array;
  /** 96 bytes. */
  readonly signature: Uint8Array;
}

export interface PartialsMessage {
  readonly slot: number;
  readonly partials: readonly WirePartial[];
}

const HEAD = 8;
const ENTRY = 4 + 32 + 96;

/** 8 bytes of slot, then 4 + 32 + 96 bytes for each partial, big-endian. */
export function encodePartials({ slot, partials }: PartialsMessage): Uint8Array {
  const out = Buffer.alloc(HEAD + ENTRY * partials.length);
  out.writeBigUInt64BE(BigInt(slot));
  partials.forEach(({ validator, signingRoot, signature }, i) => {
    const at = HEAD + i * ENTRY;
    out.writeUInt32BE(validator, at);
    out.set(signingRoot, at + 4);
    out.set(signature, at + 36);
  });
  return new Uint8Array(out);
}

/** @throws FrameError for anything that `encodePartials` does not give. */
export function decodePartials(bytes: Uint8Array): PartialsMessage {
  const count = (bytes.length - HEAD) / ENTRY;
  if (!Number.isInteger(count) || count < 1) {
    throw new FrameError('partial signatures of a wrong length', { bytes: bytes.length });
  }
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const slot = view.readBigUInt64BE(0);
  if (slot > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError('partial signatures of no slot', { slot });
  const partials = Array.from({ length: count }, (_, i) => {
    const at = HEAD + i * ENTRY;
    return {
      validator: view.readUInt32BE(at),
      signingRoot: bytes.slice(at + 4, at + 36),
      signature: bytes.slice(at + 36, at + ENTRY),
    };
  });
  return { slot: Number(slot), partials };
}
