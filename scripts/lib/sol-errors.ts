/** A custom error of a contract, with its NatSpec. */
export interface SolidityErrorDoc {
  /** As it is declared: `CashShort(uint256 asked, uint256 free)`. */
  readonly signature: string;
  readonly path: string;
  readonly why: string;
  readonly fix: string;
}

const DECLARED = /^[ \t]*error\s+(\w+)\s*\(([^)]*)\)\s*;/gm;

/** Every custom error that a Solidity source declares. */
export function solidityErrorsOf(path: string, source: string): SolidityErrorDoc[] {
  return [...source.matchAll(DECLARED)].map((match) => {
    const text = natspecBefore(source.slice(0, match.index));
    const [why = '', fix = ''] = text.split(/\s*How to fix:\s*/);
    return {
      signature: `${match[1]}(${match[2]!.replace(/\s+/g, ' ').trim()})`,
      path,
      why: sentence(why.replace(/^Why:\s*/, '')),
      fix: sentence(fix),
    };
  });
}

/** The `///` lines or the doc block that end where `before` does, on one line, tags of parameters left out. */
function natspecBefore(before: string): string {
  const lines = /((?:^[ \t]*\/\/\/[^\n]*\n)+)[ \t]*$/m.exec(before)?.[1];
  const block = lines === undefined ? /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before)?.[1] : undefined;
  return (lines ?? block ?? '')
    .split('\n')
    .map((line) => line.replace(/^\s*(?:\/\/\/|\*)?\s?/, '').trim())
    .join(' ')
    .replace(/@param\s+(?:(?!@).)*/g, '')
    .replace(/@(?:notice|dev)\s+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === '' ? '' : `${trimmed[0]!.toUpperCase()}${trimmed.slice(1)}`;
}
