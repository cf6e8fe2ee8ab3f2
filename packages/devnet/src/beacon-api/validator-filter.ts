import { toHex } from '@holdfast/units';
import { ApiError } from '@lodestar/api/server';
import type { BeaconStateAllForks } from '@lodestar/state-transition';

/**
 * The indices that the Beacon API's `validator_id`s (index or public key) name in this state, in registry order;
 * all of them when none is given. Unknown ones are left out, as the standard says; malformed ones are refused.
 */
export function findValidators(state: BeaconStateAllForks, ids: readonly (string | number)[] = []): number[] {
  const count = state.validators.length;
  if (ids.length === 0) return Array.from({ length: count }, (_, index) => index);
  const wanted = new Set<number>();
  const pubkeys = new Set<string>();
  for (const id of ids) {
    if (/^\d{1,15}$/.test(`${id}`)) wanted.add(Number(id));
    else if (/^0x[0-9a-fA-F]{96}$/.test(`${id}`)) pubkeys.add(`${id}`.toLowerCase());
    else throw new ApiError(400, `Invalid validator id: ${id}. Use an index or a 48-byte public key`);
  }
  if (pubkeys.size > 0) {
    for (let index = 0; index < count; index++) {
      if (pubkeys.has(toHex(state.validators.getReadonly(index).pubkey))) wanted.add(index);
    }
  }
  return [...wanted].filter((index) => index < count).sort((a, b) => a - b);
}
