import { skeletonOf } from './skeleton.ts';

// `'import', 'x'` are two texts.
const STATIC = /(?<!['"])\b(?:import|export)\b\s*(?:[\w$*\s{},]*?\bfrom\s*)?(['"])([^'"\n]+)\1/g;
const DYNAMIC = /(?:\bimport|\brequire|\brequire\.resolve|\bimport\.meta\.resolve)\s*\(\s*(['"])([^'"\n]+)\1/g;

const TYPES_ONLY = /\b(?:import|export)\s+type\b[\w$*\s{},]*?\bfrom\s*(['"])[^'"\n]+\1/g;

/** Every module that a TypeScript source names: static, re-exported, type-only, dynamic and required. */
export function importsOf(source: string): string[] {
  const code = skeletonOf(source);
  const found = [...code.matchAll(STATIC), ...code.matchAll(DYNAMIC)].map((match) => match[2]!);
  return [...new Set(found)];
}

/**
 * The modules that a source loads when it runs: without those it imports for their types alone, which are gone by then.
 */
export function loadedBy(source: string): string[] {
  return importsOf(skeletonOf(source).replace(TYPES_ONLY, ''));
}

/** The package that a bare specifier names: `viem/chains` → `viem`, `@scope/name/deep` → `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
