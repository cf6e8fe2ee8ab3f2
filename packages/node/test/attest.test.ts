import { ssz } from '@lodestar/types';
import { describe, expect, it } from 'vitest';
import { checkAttestationData } from '../src/duties/attest.ts';

/** A vote of slot 41 (epoch 5) from one epoch to another. */
const vote = (source: number, target: number) => {
  const data = ssz.phase0.AttestationData.defaultValue();
  data.slot = 41;
  data.source.epoch = source;
  data.target.epoch = target;
  return data;
};
const knowledge = { slot: 41, epoch: 5, own: undefined, lastVote: undefined };

describe('what a node votes for', () => {
  it('is what its beacon nodes say of source and target, whatever head another saw', () => {
    const other = vote(4, 5);
    other.beaconBlockRoot = new Uint8Array(32).fill(9);
    expect(() => checkAttestationData(other, { ...knowledge, own: vote(4, 5) })).not.toThrow();
    expect(() => checkAttestationData(vote(3, 5), { ...knowledge, own: vote(4, 5) })).toThrow('source');
    // Their word counts, not what was signed before: the chain may have gone another way.
    expect(() =>
      checkAttestationData(vote(3, 5), { ...knowledge, own: vote(3, 5), lastVote: vote(4, 5) }),
    ).not.toThrow();
  });

  it('does not surround the last vote while its beacon nodes say nothing', () => {
    expect(() => checkAttestationData(vote(2, 5), { ...knowledge, lastVote: vote(3, 4) })).toThrow('our last vote');
    expect(() => checkAttestationData(vote(3, 5), { ...knowledge, lastVote: vote(3, 4) })).not.toThrow();
    expect(() => checkAttestationData(vote(4, 5), { ...knowledge, lastVote: vote(3, 4) })).not.toThrow();
    expect(() => checkAttestationData(vote(2, 5), knowledge)).not.toThrow();
  });
});
