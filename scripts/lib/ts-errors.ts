/** An error code of the TypeScript packages, where it comes from and what it means. */
export interface CodedError {
  readonly code: string;
  readonly path: string;
  /** From the class's docstring, else from the message; empty when neither is literal. */
  readonly meaning: string;
}

const CLASS =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?:export )?class \w+ extends \w*Error\b(?:(?!\bclass )[\s\S])*?\bsuper\(\s*'([A-Z][A-Z0-9_]+)'/g;
const THROWN = /\bnew \w*Error\(\s*'([A-Z][A-Z0-9_]+)'\s*,\s*/g;

/** Every error code that a source file gives to `HoldfastError` or to a class over it. */
export function codedErrorsOf(path: string, source: string): CodedError[] {
  const classes = [...source.matchAll(CLASS)].map((match) => ({
    code: match[2]!,
    path,
    meaning: firstParagraph(match[1] ?? ''),
  }));
  const outsideComments = source.replace(/\/\*[\s\S]*?\*\//g, (comment) => ' '.repeat(comment.length));
  const thrown = [...outsideComments.matchAll(THROWN)].map((match) => {
    const call = callFrom(source, match.index + match[0].length);
    const fix = /\bfix:\s*/.exec(call);
    const sentences = [literalAt(call, 0), fix ? literalAt(call, fix.index + fix[0].length) : ''];
    return { code: match[1]!, path, meaning: sentences.filter(Boolean).join('. ') };
  });
  return [...classes, ...thrown];
}

/** The text of a docstring up to its first empty line or tag, on one line. */
function firstParagraph(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  const start = lines.findIndex((line) => line !== '');
  const end = lines.findIndex((line, index) => index > start && (line === '' || line.startsWith('@')));
  return start < 0
    ? ''
    : lines
        .slice(start, end < 0 ? undefined : end)
        .join(' ')
        .trim();
}

/** The rest of a call, up to the bracket that closes it. */
function callFrom(source: string, from: number): string {
  let depth = 1;
  for (let at = from; at < source.length; at += 1) {
    if ('([{'.includes(source[at]!)) depth += 1;
    if (')]}'.includes(source[at]!)) depth -= 1;
    if (depth === 0) return source.slice(from, at);
  }
  return source.slice(from);
}

/** A quoted string or template that starts at `at`, its holes shown as `…`; empty where there is none. */
function literalAt(source: string, at: number): string {
  const match = /^(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/.exec(source.slice(at));
  const text = match?.[1] ?? match?.[2] ?? match?.[3] ?? '';
  return text.replace(/\$\{[^}]*\}/g, '…').replace(/\\(.)/g, '$1');
}
