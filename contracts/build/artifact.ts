/** An ABI entry as the compiler writes it. */
export interface AbiItem {
  readonly type: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

/** Where a 20-byte library address, or an immutable, is written into code: in bytes. */
export interface CodeRange {
  readonly start: number;
  readonly length: number;
}

/** One compiled contract, interface or library. */
export interface Artifact {
  readonly name: string;
  /** The source unit it stands in: `src/custody/Vault.sol`. */
  readonly source: string;
  readonly kind: 'contract' | 'abstract' | 'interface' | 'library';
  readonly abi: readonly AbiItem[];
  /** Creation code; `0x` for what cannot be deployed. Holes for libraries to link are left as the compiler writes them. */
  readonly bytecode: `0x${string}`;
  /** Code after deployment, immutables still zero. */
  readonly deployedBytecode: `0x${string}`;
  /** Libraries to link, by `source:Name`. */
  readonly linkReferences: Readonly<Record<string, readonly CodeRange[]>>;
  /** Where the deployed code holds immutables. */
  readonly immutables: readonly CodeRange[];
  /** 4-byte selectors by signature. */
  readonly selectors: Readonly<Record<string, string>>;
}

/** A contract in the compiler's standard JSON. */
interface SolcContract {
  readonly abi: AbiItem[];
  readonly evm: {
    readonly bytecode: {
      readonly object: string;
      readonly linkReferences: Record<string, Record<string, CodeRange[]>>;
    };
    readonly deployedBytecode: {
      readonly object: string;
      readonly immutableReferences?: Record<string, CodeRange[]>;
    };
    readonly methodIdentifiers: Record<string, string>;
  };
}

interface AstContract {
  readonly nodeType: string;
  readonly name: string;
  readonly abstract: boolean;
  readonly contractKind: 'contract' | 'interface' | 'library';
}

/** The part of the compiler's output that artifacts are made of. */
export interface SolcOutput {
  readonly contracts?: Record<string, Record<string, SolcContract>>;
  readonly sources?: Record<string, { readonly ast: { readonly nodes: AstContract[] } }>;
}

/** The artifacts of one source unit, in the order of its text. */
export function artifactsOf(unit: string, output: SolcOutput): Artifact[] {
  const declared = output.sources?.[unit]?.ast.nodes.filter((node) => node.nodeType === 'ContractDefinition') ?? [];
  return declared.map((node) => {
    const compiled = output.contracts![unit]![node.name]!;
    const { bytecode, deployedBytecode, methodIdentifiers } = compiled.evm;
    const links = Object.entries(bytecode.linkReferences).flatMap(([file, libraries]) =>
      Object.entries(libraries).map(([library, places]) => [`${file}:${library}`, places] as const),
    );
    return {
      name: node.name,
      source: unit,
      kind: node.contractKind === 'contract' && node.abstract ? 'abstract' : node.contractKind,
      abi: compiled.abi,
      bytecode: `0x${bytecode.object}`,
      deployedBytecode: `0x${deployedBytecode.object}`,
      linkReferences: Object.fromEntries(links),
      immutables: Object.values(deployedBytecode.immutableReferences ?? {})
        .flat()
        .sort((a, b) => a.start - b.start),
      selectors: methodIdentifiers,
    };
  });
}
