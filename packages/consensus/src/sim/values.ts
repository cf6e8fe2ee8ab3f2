import { type InstanceId, instanceKey } from '../message.ts';

/** A value of the simulator: text that names its instance, who proposes it, and whether external validity lets it pass. */
export function simValue(instance: InstanceId, proposer: number, variant: string, valid = true): Uint8Array {
  return Buffer.from(`${valid ? 'fit' : 'unfit'} ${instanceKey(instance)} of ${proposer}${variant}`);
}

export function isFit(instance: InstanceId, value: Uint8Array): boolean {
  return Buffer.from(value)
    .toString()
    .startsWith(`fit ${instanceKey(instance)} of `);
}
