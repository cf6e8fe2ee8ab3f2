import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from '@holdfast/units';
import { type Code, codeOf, contractsDir, type PartName } from './pool-deploy.ts';

/** A safeguard taken out of the text: `from` stands exactly once in the file, and `scenario` must fail without it. */
export interface Mutant {
  readonly safeguard: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly scenario: string;
  /** The contract that is compiled anew; the others keep their bytes. */
  readonly part: PartName;
}

/** Code that is the mutant, or becomes it when `value` is stored at `SWITCH`. */
export interface MutantCode {
  readonly code: Code;
  readonly value: number;
}

/** A storage slot that no contract uses: the mutant that is on. */
export const SWITCH: Hex = '0x4d5554';
const ASKS = `
/// @dev Whether the test has switched this mutant on.
function mutantIs(uint256 n) view returns (bool on) {
    assembly ("memory-safe") {
        on := eq(sload(${SWITCH}), n)
    }
}
`;

/**
 * Compiles mutants, as few times as it takes. Where a safeguard is a statement or a modifier's argument, all of a
 * contract's mutants go into one text, each behind a switch; the others are compiled one by one.
 */
export class Mutation {
  readonly #numbers = new Map<Mutant, number>();
  readonly #together = new Map<PartName, Promise<Code>>();

  constructor(mutants: readonly Mutant[]) {
    for (const part of new Set(mutants.map((mutant) => mutant.part))) {
      const texts: Record<string, string> = {};
      for (const mutant of mutants.filter((one) => one.part === part)) {
        const number = this.#numbers.size + 1;
        const switched = behindSwitch(mutant, number);
        if (switched === undefined) continue;
        const text = texts[mutant.file] ?? `${textOf(mutant.file)}${ASKS}`;
        texts[mutant.file] = replaced(mutant, text, switched);
        this.#numbers.set(mutant, number);
      }
      if (Object.keys(texts).length > 0) this.#together.set(part, compiled(part, texts));
    }
  }

  async code(mutant: Mutant): Promise<MutantCode> {
    const value = this.#numbers.get(mutant);
    if (value !== undefined) return { code: await this.#together.get(mutant.part)!, value };
    const text = replaced(mutant, textOf(mutant.file), mutant.to);
    return { code: await compiled(mutant.part, { [mutant.file]: text }), value: 0 };
  }
}

function compiled(part: PartName, sources: Record<string, string>): Promise<Code> {
  const code = codeOf([part], { fast: true, sources }).then((contracts) => contracts[part]!);
  code.catch(() => undefined); // told by the tests that wait for it
  return code;
}

const textOf = (file: string): string => readFileSync(join(contractsDir, file), 'utf8');

function replaced({ file, from }: Mutant, text: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`the safeguard stands ${parts.length - 1} times in ${file}: ${from}`);
  return parts.join(to);
}

/** The safeguard behind its switch; undefined where that is not one statement for another, or a guard's argument. */
function behindSwitch({ from, to }: Mutant, number: number): string | undefined {
  const guard = / only\((.+)\)$/.exec(from);
  if (guard) return `${from.slice(0, guard.index)} only(mutantIs(${number}) ? msg.sender : ${guard[1]})`;
  const statement = /^(?:if \(|_\w+[.(]|[A-Z]+\.|slashing\.|lessGwei )[^{}]*;$/;
  if (!statement.test(from.trim()) || !(to === '' || statement.test(to.trim()))) return undefined;
  return `if (!mutantIs(${number})) { ${from} } else { ${to} }`;
}
