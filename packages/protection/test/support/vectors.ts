import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pubkey, Root } from '@holdfast/units';
import { describe, expect, it } from 'vitest';
import type { ProtectionStore } from '../../src/index.ts';

/** Beside the repository; the project is tested without it too. */
const FOLDER = join(import.meta.dirname, '../../../../../shared/vectors/eip3076');

interface VectorDuty {
  readonly pubkey: Pubkey;
  readonly slot?: string;
  readonly source_epoch?: string;
  readonly target_epoch?: string;
  readonly signing_root: Root;
  readonly should_succeed: boolean;
  readonly should_succeed_complete: boolean;
}

interface Vector {
  readonly name: string;
  readonly genesis_validators_root: Root;
  readonly steps: readonly {
    readonly should_succeed: boolean;
    readonly interchange: unknown;
    readonly blocks: readonly VectorDuty[];
    readonly attestations: readonly VectorDuty[];
  }[];
}

/** The public EIP-3076 vectors (eth-clients/slashing-protection-interchange-tests) on a store. */
export function eip3076Vectors(adapter: string, open: (genesisValidatorsRoot: Root) => Promise<ProtectionStore>): void {
  if (!existsSync(FOLDER)) {
    console.log('the EIP-3076 vectors are not here (../shared/vectors/eip3076): left out');
    it.skip('the EIP-3076 vectors', () => undefined);
    return;
  }
  const vectors = readdirSync(FOLDER).map((file): Vector => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
  describe(`the ${vectors.length} EIP-3076 vectors on ${adapter}`, () => {
    // Never more than a complete database must allow, and at least what the minimal one must. With a file taken for
    // complete, exactly what a complete one must; but a root of zeros is unknown here, so it is no repeat.
    for (const gaps of ['trust', 'refuse'] as const) {
      it.each(vectors.map((vector) => [vector.name, vector] as const))(`${gaps}: %s`, async (_name, vector) => {
        const store = await open(vector.genesis_validators_root);
        try {
          const seen = new Set<string>();
          for (const step of vector.steps) await play(store, step, gaps, seen);
        } finally {
          await store.close();
        }
      });
    }
  });
}

type Step = Vector['steps'][number];

async function play(store: ProtectionStore, step: Step, gaps: 'trust' | 'refuse', seen: Set<string>): Promise<void> {
  const imported = await store.import(step.interchange, { gaps }).then(
    () => true,
    () => false,
  );
  expect(imported).toBe(step.should_succeed);
  for (const block of step.blocks) {
    const { pubkey, signing_root: signingRoot } = block;
    const verdict = await store.claim({ kind: 'block', pubkey, slot: BigInt(block.slot!), signingRoot });
    judge(block, verdict.allowed, gaps === 'trust' && isFresh(block, seen));
  }
  for (const attestation of step.attestations) {
    const { pubkey, signing_root: signingRoot } = attestation;
    const [sourceEpoch, targetEpoch] = [BigInt(attestation.source_epoch!), BigInt(attestation.target_epoch!)];
    const verdict = await store.claim({ kind: 'attestation', pubkey, sourceEpoch, targetEpoch, signingRoot });
    judge(attestation, verdict.allowed, gaps === 'trust' && isFresh(attestation, seen));
  }
}

/** Whether this is no repeat of a duty with an unknown root. */
function isFresh(duty: VectorDuty, seen: Set<string>): boolean {
  const text = JSON.stringify(duty);
  const fresh = !/^0x0+$/.test(duty.signing_root) || !seen.has(text);
  seen.add(text);
  return fresh;
}

function judge(duty: VectorDuty, allowed: boolean, exact: boolean): void {
  const asked = JSON.stringify(duty);
  if (exact || !duty.should_succeed_complete) expect(allowed, asked).toBe(duty.should_succeed_complete);
  else if (duty.should_succeed) expect(allowed, asked).toBe(true);
}
