import { type BeaconClient, BeaconHttpError, type BlockAnswer } from '@holdfast/beacon';

/** A slashing as the beacon chain carries it. */
export interface Sighting {
  readonly kind: 'double vote' | 'surround vote' | 'double proposal';
  /** What the offending messages were about. */
  readonly what: string;
  /** Slot of the offending messages. */
  readonly faultSlot: number;
  /** Slot of the block that includes the slashing, and the execution block in it. */
  readonly slot: number;
  readonly executionBlock: string | null;
}

/** The block among `slots` that slashes this validator, or null when none of them does. */
export async function findSlashing(
  client: BeaconClient,
  index: number,
  slots: { readonly from: number; readonly to: number },
): Promise<Sighting | null> {
  for (let slot = slots.from; slot <= slots.to; slot++) {
    const answer = await blockAt(client, slot);
    const sighting = answer && slashingIn(answer, index);
    if (sighting) return sighting;
  }
  return null;
}

async function blockAt(client: BeaconClient, slot: number): Promise<BlockAnswer | null> {
  try {
    return await client.block(slot);
  } catch (error) {
    if (error instanceof BeaconHttpError && error.status === 404) return null;
    throw error;
  }
}

export function slashingIn({ block }: BlockAnswer, index: number): Sighting | null {
  const { body, slot } = block.message;
  const executionBlock = 'executionPayload' in body ? String(body.executionPayload.blockNumber) : null;
  for (const { attestation1, attestation2 } of body.attesterSlashings) {
    const other = new Set<number>(attestation2.attestingIndices);
    if (!attestation1.attestingIndices.some((each) => each === index && other.has(each))) continue;
    const [a, b] = [attestation1.data, attestation2.data];
    const double = a.target.epoch === b.target.epoch;
    const what = double
      ? `two votes for target epoch ${a.target.epoch}`
      : `a vote for epochs ${a.source.epoch} to ${a.target.epoch} around one for ${b.source.epoch} to ${b.target.epoch}`;
    return { kind: double ? 'double vote' : 'surround vote', what, faultSlot: Number(a.slot), slot, executionBlock };
  }
  for (const { signedHeader1 } of body.proposerSlashings) {
    const { proposerIndex } = signedHeader1.message;
    if (proposerIndex !== index) continue;
    const faultSlot = Number(signedHeader1.message.slot);
    return { kind: 'double proposal', what: `two blocks for slot ${faultSlot}`, faultSlot, slot, executionBlock };
  }
  return null;
}
