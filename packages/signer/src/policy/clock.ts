import { SLOTS_PER_EPOCH } from '@lodestar/params';
import { RefusedError } from '../errors.ts';
import type { SignRequest } from '../requests/types.ts';
import type { Policy } from '../service.ts';

/** The slot that it is now, by the signer's own clock. */
export interface SlotClock {
  currentSlot(): bigint;
}

/** The chain's slots by wall-clock time. Before genesis it is slot 0. */
export function slotClock(options: {
  readonly genesisTimeSeconds: number;
  readonly secondsPerSlot: number;
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
}): SlotClock {
  const { genesisTimeSeconds, secondsPerSlot, nowMs } = options;
  return {
    currentSlot: () => BigInt(Math.max(0, Math.floor((nowMs() / 1000 - genesisTimeSeconds) / secondsPerSlot))),
  };
}

/**
 * Refuses blocks, attestations and randao reveals from the future. Slashing protection must remember the highest epochs
 * it allowed, so one attestation for a far-off epoch, from a client whose clock jumped or that means harm, would lock the
 * key out until then; and a randao reveal given away early lets others know a proposer's choice before he makes it.
 *
 * Only as good as the signer's own clock: if it runs ahead, that much more is allowed; if behind, duties are refused.
 *
 * @param slotsAheadMax how far ahead of the signer's slot a message may lie; an epoch is ample for clients that prepare
 */
export function notFromTheFuture(clock: SlotClock, slotsAheadMax: number = SLOTS_PER_EPOCH): Policy {
  return {
    check(request) {
      const slot = latestSlotOf(request);
      if (slot === null) return;
      const current = clock.currentSlot();
      if (slot <= current + BigInt(slotsAheadMax)) return;
      throw new RefusedError('future-slot', `${request.type} lies in the future`, {
        data: { slot, current, slotsAheadMax },
        fix: "Set the clocks of the validator client, its beacon node and the signer, and check the network's genesis time",
      });
    },
  };
}

/** The latest slot that signing would tie the key to; null where nothing is tied. */
function latestSlotOf(request: SignRequest): bigint | null {
  switch (request.type) {
    case 'BLOCK':
    case 'BLOCK_V2':
      return request.header.slot;
    case 'ATTESTATION': {
      const { slot, source, target } = request.data;
      const epoch = source.epoch > target.epoch ? source.epoch : target.epoch;
      const start = epoch * BigInt(SLOTS_PER_EPOCH);
      return slot > start ? slot : start;
    }
    case 'RANDAO_REVEAL':
      return request.epoch * BigInt(SLOTS_PER_EPOCH);
    default:
      return null;
  }
}
