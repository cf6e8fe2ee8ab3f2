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
    // With a file taken for complete: exactly what a complete database must allow. With one that may have been pruned: never
    // more than that, and at least what the minimal database must allow.
    for (const gaps of ['trust', 'refuse'] as const) {
      it.each(vectors.map((vector) => [vector.name, vector] as const))(`${gaps}: %s`, async (_name, vector) => {
        const store = await open(vector.genesis_validators_root);
        try {
          for (const step of vector.steps) await play(store, step, gaps === 'trust');
        } finally {
          await store.close();
        }
      });
    }
  });
}

type Step = Vector['steps'][number];

async function play(store: ProtectionStore, step: Step, exact: boolean): Promise<void> {
  const imported = await store.import(step.interchange, { gaps: exact ? 'trust' : 'refuse' }).then(
    () => true,
    () => false,
  );
  expect(imported).toBe(step.should_succeed);
  for (const block of step.blocks) {
    const { pubkey, signing_root: signingRoot } = block;
    const verdict = await store.claim({ kind: 'block', pubkey, slot: BigInt(block.slot!), signingRoot });
    judge(block, verdict.allowed, exact);
  }
  for (const attestation of step.attestations) {
    const { pubkey, signing_root: signingRoot } = attestation;
    const [sourceEpoch, targetEpoch] = [BigInt(attestation.source_epoch!), BigInt(attestation.target_epoch!)];
    const verdict = await store.claim({ kind: 'attestation', pubkey, sourceEpoch, targetEpoch, signingRoot });
    judge(attestation, verdict.allowed, exact);
  }
}

function judge(duty: VectorDuty, allowed: boolean, exact: boolean): void {
  const asked = JSON.stringify(duty);
  if (exact || !duty.should_succeed_complete) expect(allowed, asked).toBe(duty.should_succeed_complete);
  else if (duty.should_succeed) expect(allowed, asked).toBe(true);
}
