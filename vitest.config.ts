import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes minutes begins first, or one worker is at it alone at the end. */
const LONG = [
  'scenarios/test/scenario.test.ts',
  'contracts/test/pool/invariants.test.ts',
  'packages/signer/test/crash.test.ts',
  'contracts/test/pool/mutants.test.ts',
  'apps/cli/test/cluster-life.test.ts',
  'packages/keeper/test/life.test.ts',
  'apps/dashboard/test/browser.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((path) => moduleId.endsWith(path));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

// The Lodestar preset is a fact of the whole process, so it is set before any test imports anything.
export default defineConfig({
  test: {
    include: ['{packages,apps}/*/test/**/*.test.ts', '{contracts,scenarios,benchmarks,scripts}/test/**/*.test.ts'],
    env: { LODESTAR_PRESET: 'minimal' },
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
