import { ecrecover } from '@ethereumjs/util';
import { toHex } from '@holdfast/units';

type Recover = typeof ecrecover;

/** Enough for the transactions under way: each is recovered half a dozen times between the pool and the chain. */
const KEPT_MAX = 10_000;

/**
 * @ethereumjs/client parses a transaction anew at each station (pool, builder, payload, validation), and recovers its
 * sender each time, 2 ms of arithmetic in JavaScript. This remembers what was recovered from which signature.
 */
export function memoRecover(): Recover {
  const known = new Map<string, Uint8Array>();
  return (msgHash, v, r, s, chainId) => {
    const key = `${toHex(msgHash)}${v}${toHex(r)}${toHex(s)}${chainId ?? ''}`;
    const before = known.get(key);
    if (before) return before;
    const publicKey = ecrecover(msgHash, v, r, s, chainId);
    if (known.size >= KEPT_MAX) known.clear();
    known.set(key, publicKey);
    return publicKey;
  };
}
