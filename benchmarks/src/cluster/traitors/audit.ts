import type { SigningTask } from '@holdfast/node';

interface Vote {
  readonly source: number;
  readonly target: number;
  readonly root: string;
}

interface Block {
  readonly slot: number;
  readonly root: string;
}

interface History {
  readonly votes: Map<string, Vote>;
  readonly blocks: Map<string, Block>;
}

type Request = SigningTask['request'];

/**
 * Everything that honest shares signed, and what a traitor can make of it. It knows nothing of the stores that should have
 * prevented it, and compares each pair of one key's messages by the two conditions of the consensus specs
 * (`is_slashable_attestation_data`, `process_proposer_slashing`).
 */
export class Audit {
  readonly #histories = new Map<string, History>();
  /** By validator and root: the honest who signed it. */
  readonly #signers = new Map<string, Set<number>>();
  readonly #enough: number;
  #messages = 0;

  /** @param enough so many honest partial signatures make a whole one when all traitors sign, too */
  constructor(enough: number) {
    this.#enough = enough;
  }

  get messages(): number {
    return this.#messages;
  }

  /** An honest node let a signature of its share out. */
  signed(node: number, sharePubkey: string, validator: string, request: Request): void {
    if (!isSlashable(request)) return;
    this.#messages += 1;
    this.#note(`share ${sharePubkey}`, request);
    const key = `${validator}/${String(request.signingRoot)}`;
    const signers = this.#signers.get(key) ?? new Set();
    this.#signers.set(key, signers.add(node));
    if (signers.size >= this.#enough) this.#note(`validator ${validator}`, request);
  }

  /** Pairs of messages of one key for which a validator is slashed, in words. */
  slashable(): string[] {
    return [...this.#histories].flatMap(([key, { votes, blocks }]) => [
      ...pairs([...votes.values()])
        .filter(([a, b]) => a.target === b.target || surrounds(a, b) || surrounds(b, a))
        .map(([a, b]) => `${key}: ${a.source} → ${a.target} and ${b.source} → ${b.target}`),
      ...pairs([...blocks.values()])
        .filter(([a, b]) => a.slot === b.slot)
        .map(([{ slot }]) => `${key}: two blocks of slot ${slot}`),
    ]);
  }

  #note(key: string, request: Request): void {
    const history = this.#histories.get(key) ?? { votes: new Map(), blocks: new Map() };
    this.#histories.set(key, history);
    const root = String(request.signingRoot);
    if (request.type === 'ATTESTATION') {
      const { source, target } = request.attestation as Record<'source' | 'target', { readonly epoch: string }>;
      history.votes.set(root, { source: Number(source.epoch), target: Number(target.epoch), root });
    } else {
      const { block_header } = request.beacon_block as { readonly block_header: { readonly slot: string } };
      history.blocks.set(root, { slot: Number(block_header.slot), root });
    }
  }
}

export const isSlashable = ({ type }: Request): boolean => type === 'ATTESTATION' || type === 'BLOCK_V2';

const surrounds = (a: Vote, b: Vote): boolean => a.source < b.source && b.target < a.target;

const pairs = <T>(items: readonly T[]): (readonly [T, T])[] =>
  items.flatMap((first, at) => items.slice(at + 1).map((second) => [first, second] as const));
