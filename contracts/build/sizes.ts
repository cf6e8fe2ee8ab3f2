import type { Artifact } from './artifact.ts';

/** Most bytes of deployed code (EIP-170). */
export const RUNTIME_BYTES_MAX = 24_576;
/** Most bytes of creation code, constructor arguments included (EIP-3860). */
export const INIT_BYTES_MAX = 49_152;

/** Bytes of code of one contract. */
export interface CodeSize {
  readonly runtime: number;
  readonly init: number;
}

/** Code sizes of what is deployed from `src/`, by name, sorted: the committed `snapshots/size.snap.json`. */
export function sizesOf(artifacts: Readonly<Record<string, Artifact>>): Record<string, CodeSize> {
  const sizes = Object.values(artifacts)
    .filter(({ source, kind, bytecode }) => source.startsWith('src/') && kind === 'contract' && bytecode !== '0x')
    .map(
      ({ name, deployedBytecode, bytecode }) =>
        [name, { runtime: bytes(deployedBytecode), init: bytes(bytecode) }] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sizes);
}

/** A sentence for each contract that no chain would accept. */
export function oversized(sizes: Readonly<Record<string, CodeSize>>): string[] {
  return Object.entries(sizes).flatMap(([name, { runtime, init }]) => [
    ...(runtime > RUNTIME_BYTES_MAX ? [`${name}: ${runtime} bytes deployed, EIP-170 allows ${RUNTIME_BYTES_MAX}`] : []),
    ...(init > INIT_BYTES_MAX ? [`${name}: ${init} bytes of creation code, EIP-3860 allows ${INIT_BYTES_MAX}`] : []),
  ]);
}

/** The snapshot's text: one contract a line, so that a diff reads well. */
export function sizesText(sizes: Readonly<Record<string, CodeSize>>): string {
  const lines = Object.entries(sizes).map(([name, size]) => `  ${JSON.stringify(name)}: ${JSON.stringify(size)}`);
  return lines.length === 0 ? '{}\n' : `{\n${lines.join(',\n')}\n}\n`;
}

function bytes(hex: `0x${string}`): number {
  return (hex.length - 2) / 2;
}
