import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Ceremony } from '../src/dkg/ceremony.ts';
import { Dealings } from '../src/dkg/dealings.ts';
import { FaultList } from '../src/dkg/faults.ts';
import { planCeremony } from '../src/dkg/plan.ts';
import { membersOf, play } from './support/ceremony.ts';
import { seededBytes } from './support/random.ts';

const members = membersOf(['a', 'b', 'c', 'd']);
const plan = planCeremony(members.definition);
const isZero = (secret: Uint8Array) => secret.every((byte) => byte === 0);

describe('secrets of a ceremony', () => {
  it('are erased when the dealings are settled or given up', () => {
    const dealings = new Dealings(plan, 1, new FaultList());
    const own = dealings.deal(seededBytes('own'), undefined)!;
    const given = [seededBytes('given 1')(32), seededBytes('given 2')(32)];
    dealings.receive(2, given);
    expect(own.shares.flat().some(isZero)).toBe(false);
    dealings.wipe();
    expect(own.shares.flat().every(isZero)).toBe(true);
    expect(given.every(isZero)).toBe(true);
    expect(dealings.received.size).toBe(0);
  });

  it('only the first shares of a dealer are kept, and only of dealers, by those that receive', () => {
    const leaver = new Dealings(plan, 5, new FaultList());
    leaver.receive(2, [new Uint8Array(32)]);
    expect(leaver.received.size).toBe(0);
    const dealings = new Dealings(plan, 1, new FaultList());
    const first = [seededBytes('first')(32)];
    dealings.receive(2, first);
    dealings.receive(2, [seededBytes('second')(32)]);
    expect(dealings.received.get(2)).toEqual(first);
    dealings.receive(9, first);
    expect(dealings.received.size).toBe(1);
  });

  it('do not show in what a ceremony, its plan or its failures print', () => {
    const ceremony = new Ceremony({
      plan,
      operatorSignatures: members.operatorSignatures,
      identity: members.identities[0]!,
      random: seededBytes('printed'),
    });
    ceremony.step({ kind: 'start' });
    const printed = inspect(ceremony, { depth: 12, showHidden: true, maxArrayLength: null });
    expect(printed).not.toMatch(/shares|Uint8Array\(32\)/);
    const { failures } = play({ seed: 'printed', members, dead: [2, 3] });
    for (const { error } of failures.values()) expect(inspect(error, { depth: 12 })).not.toMatch(/Uint8Array/);
  });
});
