// `npm run contracts:build` compiles, checks sizes and writes bindings; with `--check` it writes nothing and exits 1
// where the committed files are not what the sources give.
import { join } from 'node:path';
import { compile } from './compile.ts';
import { SolidityError } from './diagnostics.ts';
import { outputsOf, staleOutputs, writeOutputs } from './outputs.ts';
import { oversized, sizesOf } from './sizes.ts';
import { CONTRACTS_DIR } from './sources.ts';

const root = join(CONTRACTS_DIR, '..');
const checkOnly = process.argv.includes('--check');
const started = performance.now();

try {
  const { contracts, compiled, warnings } = await compile({ tests: true });
  for (const warning of warnings) console.warn(warning);
  const tooLarge = oversized(sizesOf(contracts));
  for (const line of tooLarge) console.error(line);
  const outputs = outputsOf(contracts);
  const changed = checkOnly ? staleOutputs(outputs, root) : writeOutputs(outputs, root);
  for (const path of changed) console.log(checkOnly ? `stale: ${path}` : `wrote ${path}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  console.log(`contracts: ${Object.keys(contracts).length} compiled (${compiled.length} units anew) in ${seconds} s`);
  if (checkOnly && changed.length > 0) console.error('Run `npm run contracts:build` and commit what it writes.');
  if (tooLarge.length > 0 || (checkOnly && changed.length > 0)) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof SolidityError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
