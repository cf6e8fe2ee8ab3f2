import { randomBytes } from 'node:crypto';
import { loadThresholdKey, partialSign, splitKey, thresholdScheme, verifySignature } from '@holdfast/keys';
import { type Pubkey, toHex } from '@holdfast/units';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { PartialBook } from '../src/cluster/PartialBook.ts';
import { type ShareSigner, Signing } from '../src/cluster/Signing.ts';
import { decodePartials, encodePartials } from '../src/cluster/wire.ts';
import type { SigningTask } from '../src/duties/ports.ts';

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : i * 7));

/** Four nodes in one process: what one broadcasts, the others receive. */
function cluster(signers: Partial<Record<number, ShareSigner | 'dead'>> = {}) {
  const scheme = thresholdScheme(3, 4);
  const split = splitKey(SECRET, scheme, (length) => new Uint8Array(randomBytes(length)));
  const key = loadThresholdKey(scheme, split.groupPubkey, split.sharePubkeys);
  const pubkey = toHex(split.groupPubkey) as Pubkey;
  const culprits: number[] = [];
  const refusals: unknown[] = [];
  const nodes: Signing[] = [1, 2, 3, 4].map((index) => {
    const own: ShareSigner = {
      sign: async (_share, request) =>
        partialSign(split.shares[index - 1]!, Buffer.from(String(request.signingRoot).slice(2), 'hex')),
    };
    const given = signers[index];
    return new Signing({
      validators: [{ pubkey, key, sharePubkey: toHex(split.sharePubkeys[index - 1]!) as Pubkey }],
      index,
      signer: given && given !== 'dead' ? given : own,
      clock: systemClock,
      broadcast: (payload) => {
        if (given === 'dead') return;
        for (const [at, node] of nodes.entries()) {
          if (at !== index - 1 && signers[at + 1] !== 'dead') node.receive(index, payload);
        }
      },
      observer: {
        refused: (_task, error) => refusals.push(error),
        culprit: (who) => culprits.push(who),
        offence: () => undefined,
        partial: () => undefined,
      },
    });
  });
  for (const node of nodes) node.advance(5);
  const task = (fill: number): SigningTask => {
    const signingRoot = new Uint8Array(32).fill(fill);
    return { pubkey, slot: 5, signingRoot, request: { type: 'ATTESTATION', signingRoot: toHex(signingRoot) } };
  };
  const soon = (ms: number): number => Date.now() + ms;
  return { nodes, task, culprits, refusals, key: pubkey, soon };
}

const never = new AbortController().signal;

describe('signing with shares', () => {
  it("gives every node the whole key's signature, for each task of a batch", async () => {
    const { nodes, task, key, soon } = cluster();
    const tasks = [task(1), task(2), task(3)];
    const all = await Promise.all(nodes.map((node) => node.sign(tasks, soon(10_000), never)));
    for (const signatures of all) {
      signatures.forEach((signature, at) => {
        expect(verifySignature(key, tasks[at]!.signingRoot, signature!)).toBe(true);
      });
    }
  });

  it('does without one that is dead, and without the own signer when it refuses', async () => {
    const refusing: ShareSigner = { sign: async () => Promise.reject(new Error('slashable')) };
    const dead = cluster({ 4: 'dead' });
    const withDead = await Promise.all(
      dead.nodes.slice(0, 3).map((node) => node.sign([dead.task(1)], dead.soon(10_000), never)),
    );
    expect(withDead.every(([signature]) => signature !== null)).toBe(true);

    const refused = cluster({ 1: refusing });
    const all = await Promise.all(
      refused.nodes.map((node) => node.sign([refused.task(1)], refused.soon(10_000), never)),
    );
    expect(all.every(([signature]) => signature !== null)).toBe(true);
    expect(String(refused.refusals[0])).toContain('slashable');
  });

  it('signs nothing when more than f refuse', async () => {
    const refusing: ShareSigner = { sign: async () => Promise.reject(new Error('slashable')) };
    const { nodes, task, soon } = cluster({ 1: refusing, 2: refusing });
    const all = await Promise.all(nodes.map((node) => node.sign([task(1)], soon(300), never)));
    expect(all.flat()).toEqual([null, null, null, null]);
  });

  it('names a node that sends what its share did not sign, and recovers from the others', async () => {
    const liar: ShareSigner = { sign: async () => partialSign(SECRET, new Uint8Array(32).fill(99)) };
    const { nodes, task, culprits, key, soon } = cluster({ 2: liar });
    const all = await Promise.all(nodes.map((node) => node.sign([task(1)], soon(10_000), never)));
    for (const [signature] of all) expect(verifySignature(key, task(1).signingRoot, signature!)).toBe(true);
    expect(new Set(culprits)).toEqual(new Set([2]));
  });
});

describe('the book of partial signatures', () => {
  const partial = (fill: number, validator = 0) => ({
    validator,
    signingRoot: new Uint8Array(32).fill(fill),
    signature: new Uint8Array(96),
  });

  it('keeps a bounded number of roots of each node, and nothing of slots that are far', () => {
    const book = new PartialBook(1);
    book.advance(10);
    const answers = Array.from({ length: 40 }, (_, i) => book.add(10, 1, partial(i)));
    expect(answers.filter((answer) => answer === null)).toHaveLength(24);
    expect(answers.at(-1)).toBe('flood');
    expect(book.add(10, 2, partial(1))).toBeNull();
    expect(book.add(10, 2, partial(1))).toBe('repeated');
    expect(book.add(7, 1, partial(1))).toBe('stale');
    expect(book.add(12, 1, partial(1))).toBe('future');
    expect(book.add(10, 1, partial(1, 1))).toBe('unknownValidator');
    book.advance(13);
    expect(book.partials(10, 0, new Uint8Array(32).fill(1))).toEqual([]);
  });

  it('reads what it writes and refuses everything else', () => {
    const wire = encodePartials({ slot: 77, partials: [partial(3), partial(4, 9)] });
    expect(decodePartials(wire)).toEqual({ slot: 77, partials: [partial(3), partial(4, 9)] });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
        try {
          expect(encodePartials(decodePartials(noise))).toEqual(noise);
        } catch (error) {
          expect((error as { code?: string }).code).toBe('NODE_BAD_FRAME');
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
