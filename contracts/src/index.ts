/**
 * The pool's Solidity, and the compiler that turns it into artifacts. The contracts lie beside this file; bindings
 * for TypeScript are generated into `@holdfast/pool`. Tests ask for artifacts here, mutants included.
 *
 * @example
 * import { compile } from '@holdfast/contracts';
 * const { contracts } = await compile({ only: ['Vault'] });
 * await deploy(contracts.Vault.abi, contracts.Vault.bytecode);
 */
export type { AbiItem, Artifact, CodeRange } from '../build/artifact.ts';
export { type Compilation, type CompileOptions, compile } from '../build/compile.ts';
export { SolidityError } from '../build/diagnostics.ts';
export type { SourceTexts } from '../build/sources.ts';
