import type { Pubkey, Root } from '@holdfast/units';
import type { Duty, ProtectionStore, Verdict } from '../../src/index.ts';

export const GENESIS = `0x${'9e'.repeat(32)}` as Root;
export const pubkeyAt = (index: number): Pubkey => `0x${(index + 1).toString(16).padStart(96, '0')}` as Pubkey;
export const rootAt = (index: number): Root => `0x${(index + 1).toString(16).padStart(64, '0')}` as Root;

export const KEY = pubkeyAt(0);
export const OTHER = pubkeyAt(1);

export const block = (slot: bigint, root: number | null = 0, pubkey = KEY): Duty => ({
  kind: 'block',
  pubkey,
  slot,
  signingRoot: root === null ? null : rootAt(root),
});

export const attestation = (sourceEpoch: bigint, targetEpoch: bigint, root: number | null = 0, pubkey = KEY): Duty => ({
  kind: 'attestation',
  pubkey,
  sourceEpoch,
  targetEpoch,
  signingRoot: root === null ? null : rootAt(root),
});

/** A verdict in one word: `new`, `again`, or the rule. */
export const word = (verdict: Verdict): string =>
  verdict.allowed ? (verdict.repeated ? 'again' : 'new') : verdict.rule;

/** The verdicts of duties asked for one by one, in words. */
export const ask = async (store: ProtectionStore, ...all: readonly Duty[]): Promise<string[]> => {
  const words: string[] = [];
  for (const duty of all) words.push(word(await store.claim(duty)));
  return words;
};
