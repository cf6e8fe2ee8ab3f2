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
      return signature.length === expected.length && expected.every((byte, index) => byte === signature[index]);
    },
  };
}

function mac(node: number, seed: number, bytes: Uint8Array): Uint8Array {
  let low = (seed ^ Math.imul(node + 1, 0x9e3779b1)) | 0;
  let high = (seed + Math.imul(node + 1, 0x85ebca77)) | 0;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ (byte + (low >>> 24)), 0x5bd1e995);
  }
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setUint32(0, low >>> 0);
  view.setUint32(4, high >>> 0);
  return out;
}
