import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Member, PROPOSAL_EVERY, startMember } from './member.ts';
import { NODES, TRAITOR, type Trial, worldOf } from './world.ts';

export type { Trial } from './world.ts';

/** What came of a trial. */
export interface Verdict {
  readonly duties: number;
  /** Published by an honest node, with the whole key's signature. */
  readonly done: number;
  /** Messages that can be slashed for, signed by the shares of honest nodes. */
  readonly messages: number;
  /** Pairs of them that get a validator slashed, in words. */
  readonly slashable: readonly string[];
  /** What the protection of honest nodes refused after the cluster had agreed on it. */
  readonly refused: number;
  /** Times that the traitor was named, by evidence or by a wrong partial signature. */
  readonly caught: number;
  /** Times that an honest node was: never. */
  readonly framed: number;
}

/**
 * Four nodes, one of them a traitor, through so many slots of twelve seconds: an attestation each slot, a block each
 * seventh. Agreement, signing, duties, slashing protection and disks are those of a real node; the network and the clock are
 * virtual, and all chance comes from the seed.
 */
export async function tryTraitor(trial: Trial): Promise<Verdict> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-traitor-'));
  const members: Member[] = [];
  try {
    const world = await worldOf(trial, directory);
    const { time, chain, wire, firstSlot, slotsPerEpoch, audit, done, counts } = world;
    for (let place = 0; place < NODES; place += 1) members.push(await startMember(world, place));
    if (trial.kind === 'twins') members.push(await startMember(world, TRAITOR, 1));
    const end = firstSlot + trial.slots;
    let duties = 0;
    for (let slot = firstSlot; slot < end; slot += 1) {
      await time.runUntil(chain.startMs(slot));
      if (slot % slotsPerEpoch === 0) wire.redraw();
      for (const member of members) member.begin(slot);
      duties += slot % PROPOSAL_EVERY === 0 ? 2 : 1;
    }
    await time.runUntil(chain.startMs(end));
    const { refused, caught, framed } = counts;
    return {
      duties,
      done: done.size,
      messages: audit.messages,
      slashable: audit.slashable(),
      refused,
      caught,
      framed,
    };
  } finally {
    for (const member of members) await member.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
