import { BadBlockAttributesError } from './errors.ts';
import type { BlockAttributes, ExecutionHead } from './port.ts';

/** Refuses attributes that no adapter can build on `head`. */
export function checkAttributes(attributes: BlockAttributes, head: ExecutionHead): void {
  const { timestamp } = attributes;
  if (Number.isSafeInteger(timestamp) && timestamp > head.timestamp) return;
  throw new BadBlockAttributesError(
    'a block must be younger than its parent',
    { timestamp, parent: head.timestamp },
    'Seal one block a slot, slots rising',
  );
}
