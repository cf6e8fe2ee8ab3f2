import type { Authenticator } from '../message.ts';

/**
 * Signatures of the simulator: 64 bits that depend on every byte and on a secret of the node. Fast, repeatable and
 * worthless against anyone who computes; the simulator's adversaries only ever use their own node's `sign`.
 */
export function macAuthenticator(self: number, seed: number): Authenticator {
  return {
    sign: (bytes) => mac(self, seed, bytes),
    verify: (sender, bytes, signature) => {
      const expected = mac(sender, seed, bytes);
      let difference = signature.length ^ expected.length;
      for (let at = 0; at < expected.length; at += 1) difference |= expected[at]! ^ (signature[at] ?? 0);
      return difference === 0;
    },
  };
}

function mac(node: number, seed: number, bytes: Uint8Array): Uint8Array {
  let low = (seed ^ Math.imul(node + 1, 0x9e3779b1)) | 0;
  let high = (seed + Math.imul(node + 1, 0x85ebca77)) | 0;
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes[at]! | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    low = Math.imul(low ^ word, 0x9e3779b1);
    low ^= low >>> 15;
    high = Math.imul(high ^ word ^ low, 0x5bd1e995);
    high ^= high >>> 13;
  }
  const out = new Uint8Array(8);
  for (let at = 0; at < 4; at += 1) {
    out[at] = low >>> (8 * at);
    out[at + 4] = high >>> (8 * at);
  }
  return out;
}
