/**
 * The floors of the house (ARCHITECTURE.md): what the sources of each workspace may import from the others.
 * `*` is everything that does not import it in turn; circles between workspaces are refused separately.
 */
export const FLOORS: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  'packages/units': [],
  'packages/beacon': ['units'],
  'packages/pool': ['units', 'beacon'],
  'packages/keys': ['units'],
  'packages/protection': ['units'],
  'packages/signer': ['units', 'keys', 'protection'],
  'packages/consensus': ['units'],
  'packages/node': ['units', 'beacon', 'consensus', 'signer', 'keys'],
  'packages/sentinel': ['units', 'beacon'],
  'packages/risk': ['units'],
  'packages/keeper': ['units', 'beacon', 'pool', 'sentinel', 'risk'],
  'packages/devnet': ['units', 'beacon'],
  'apps/cli': ['*'],
  'apps/dashboard': ['*'],
  scenarios: ['*'],
  benchmarks: ['*'],
};

/** What tests may import besides: the Ethereum to test on, and the compiler that gives mutants. */
export const TEST_EXTRAS: readonly string[] = ['devnet', 'contracts'];

/** The contracts import no TypeScript, but their tests prove, deploy and call. */
export const CONTRACT_TEST_EXTRAS: readonly string[] = ['units', 'beacon', 'pool'];
