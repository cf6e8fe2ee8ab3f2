/** What the chain slashes for (phase0, `is_slashable_attestation_data`, `process_proposer_slashing`), word for word. */

export interface Vote {
  /** Whoever signed: a validator, or a share of one. */
  readonly signer: string;
  readonly source: number;
  readonly target: number;
  /** Equal for equal votes only. */
  readonly root: string;
}

export interface Proposal {
  readonly signer: string;
  readonly slot: number;
  readonly root: string;
}

/** Every pair that its signer could be slashed for, as a sentence. */
export function slashablePairs(votes: readonly Vote[], proposals: readonly Proposal[]): string[] {
  const found: string[] = [];
  for (const [signer, own] of Map.groupBy(distinct(votes), (vote) => vote.signer)) {
    for (const [i, a] of own.entries()) {
      for (const b of own.slice(i + 1)) {
        if (a.target === b.target) found.push(`${signer} voted twice for epoch ${a.target}`);
        else if (surrounds(a, b) || surrounds(b, a)) found.push(`${signer} surrounded: ${tell(a)} and ${tell(b)}`);
      }
    }
  }
  for (const [place, own] of Map.groupBy(distinct(proposals), ({ signer, slot }) => `${signer}, slot ${slot}`)) {
    if (own.length > 1) found.push(`${place}: ${own.length} blocks`);
  }
  return found;
}

const surrounds = (a: Vote, b: Vote): boolean => a.source < b.source && b.target < a.target;
const tell = ({ source, target }: Vote): string => `${source}→${target}`;
const distinct = <T>(list: readonly T[]): T[] => [
  ...new Map(list.map((each) => [JSON.stringify(each), each])).values(),
];

/** The same of an EIP-3076 interchange: what the keys of one database signed. */
export function slashableIn(interchange: InterchangeLike): string[] {
  // A record without its root agrees with no other.
  let unknown = 0;
  const rootOf = (given: string | undefined): string => {
    unknown += 1;
    return given ?? `unknown ${unknown}`;
  };
  const votes = interchange.data.flatMap(({ pubkey, signed_attestations }) =>
    signed_attestations.map(({ source_epoch, target_epoch, signing_root }) => ({
      signer: pubkey,
      source: Number(source_epoch),
      target: Number(target_epoch),
      root: rootOf(signing_root),
    })),
  );
  const proposals = interchange.data.flatMap(({ pubkey, signed_blocks }) =>
    signed_blocks.map(({ slot, signing_root }) => ({ signer: pubkey, slot: Number(slot), root: rootOf(signing_root) })),
  );
  return slashablePairs(votes, proposals);
}

export interface InterchangeLike {
  readonly data: readonly {
    readonly pubkey: string;
    readonly signed_blocks: readonly { readonly slot: string; readonly signing_root?: string }[];
    readonly signed_attestations: readonly {
      readonly source_epoch: string;
      readonly target_epoch: string;
      readonly signing_root?: string;
    }[];
  }[];
}
