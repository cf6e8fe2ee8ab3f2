import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { outcomesOf, readExamples } from './requests/examples.ts';

const examples = readExamples();
if (examples === null) console.log('skipped: the examples of ../shared/specs/remote-signing are not here');

/** The API's examples mix presets: these were made for committees of the mainnet preset, those for minimal. */
const MAINNET_ONLY = ['AGGREGATE_AND_PROOF_V2 (FULU)', 'AGGREGATE_AND_PROOF_V2 (ELECTRA)'];
const MINIMAL_ONLY = ['BLOCK_V2 (ALTAIR)', 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF'];
/** What Lodestar's `electra.AggregateAndProof` gives too; the root written in the two examples is of something else. */
const ELECTRA_ROOT = 'root 0x1180bcb41bda522b3420274c6e4931c37ecf4eef99a57e4d04fc81e82b2ced40';

describe.skipIf(examples === null)("the examples of the Web3Signer API's definition", () => {
  it('have the signing roots written in them, under the minimal preset', () => {
    const outcomes = outcomesOf(examples!);
    expect(Object.keys(outcomes)).toHaveLength(25);
    for (const [name, outcome] of Object.entries(outcomes)) {
      if (MAINNET_ONLY.includes(name)) {
        expect(outcome).toContain('aggregate_and_proof.data.aggregate.committee_bits must be 0x and 1 bytes in hex');
        expect(outcome).toContain('set LODESTAR_PRESET=mainnet');
      } else expect(outcome, name).toBe('same root');
    }
  });

  it('and under the mainnet preset', () => {
    const script = fileURLToPath(new URL('requests/preset-main.ts', import.meta.url));
    const env = { ...process.env, LODESTAR_PRESET: 'mainnet' };
    const outcomes = JSON.parse(execFileSync(process.execPath, [script], { env, encoding: 'utf8' }));
    expect(Object.keys(outcomes)).toHaveLength(25);
    for (const [name, outcome] of Object.entries(outcomes)) {
      if (MINIMAL_ONLY.includes(name)) expect(outcome).toContain('set LODESTAR_PRESET=minimal');
      else expect(outcome, name).toBe(MAINNET_ONLY.includes(name) ? ELECTRA_ROOT : 'same root');
    }
  });
});
