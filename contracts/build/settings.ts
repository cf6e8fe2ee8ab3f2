import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * How Solidity is compiled.
 * - `release`: what is deployed. The IR pipeline with the optimizer on.
 * - `test`: the legacy pipeline with the optimizer on: quicker, for contracts that only tests deploy.
 * - `fast`: the legacy pipeline, no optimizer: for mutants, of which there are many and none is deployed for good.
 * - `lean`: the IR pipeline with just enough optimizing to be quick, about a third of the time of `release`. `test` and
 *   `fast` fall back to it on "stack too deep", and from it to `release`.
 */
export type Mode = 'release' | 'test' | 'fast' | 'lean';

/** As many as keep the largest contract, the ledger, under the size limit of EIP-170. */
export const DEFAULT_OPTIMIZER_RUNS = 400;

/** The fork whose opcodes the compiler may use: the oldest of the execution layers that Holdfast runs on (Electra's). */
const EVM_VERSION = 'prague';

const require = createRequire(import.meta.url);

/** The version of the pinned compiler, without loading its nine megabytes. */
export const SOLC_VERSION: string = (
  JSON.parse(readFileSync(require.resolve('solc/package.json'), 'utf8')) as { version: string }
).version;

/**
 * The head of the compiler's own sequence, once instead of until nothing changes. With fewer steps the code that is left
 * is so much that generating it takes longer than the steps saved.
 */
const LEAN_DETAILS = {
  yul: true,
  peephole: true,
  deduplicate: true,
  jumpdestRemover: true,
  yulDetails: { optimizerSteps: 'dhfoDgvulfnTUtnIf:fDnTOcmu' },
};

/** What every contract's entry holds after a compilation. */
const OUTPUTS = [
  'abi',
  'evm.bytecode.object',
  'evm.bytecode.linkReferences',
  'evm.deployedBytecode.object',
  'evm.deployedBytecode.immutableReferences',
  'evm.methodIdentifiers',
];

/**
 * The `settings` of a standard-JSON input that compiles `root`. The metadata hash stays out of the bytecode, so that
 * the same source gives the same bytes whatever its comments say and wherever it lies.
 */
export function settingsFor(root: string, mode: Mode, optimizerRuns: number): object {
  const optimizer = {
    release: { enabled: true, runs: optimizerRuns },
    test: { enabled: true, runs: optimizerRuns },
    fast: { enabled: false },
    lean: { enabled: false, details: LEAN_DETAILS },
  }[mode];
  return {
    evmVersion: EVM_VERSION,
    viaIR: mode === 'release' || mode === 'lean',
    optimizer,
    metadata: { bytecodeHash: 'none' },
    outputSelection: { [root]: { '': ['ast'], '*': OUTPUTS } },
  };
}
