/** After one of these a slash opens a regular expression, not a division. */
const BEFORE_REGEX = /(?:^|[([{,;:=!&|?+\-*%<>~^}]|\b(?:return|typeof|case|in|of|await|yield))\s*$/;

/**
 * TypeScript source with comments, templates and regular expressions emptied and quoted strings kept, so that imports
 * can be found in it by pattern. Text inside `${…}` is code and stays.
 */
export function skeletonOf(source: string): string {
  const out: string[] = [];
  /** Open braces inside each template hole we are in; empty outside of templates. */
  const holes: number[] = [];
  let at = 0;
  const tail = () => out.slice(-40).join('').slice(-40);
  while (at < source.length) {
    const here = source[at]!;
    if (source.startsWith('//', at)) at = indexOr(source, '\n', at);
    else if (source.startsWith('/*', at)) at = indexOr(source, '*/', at + 2) + 2;
    else if (here === "'" || here === '"') {
      const end = endOfQuoted(source, at);
      out.push(source.slice(at, end));
      at = end;
    } else if (here === '`' || (here === '}' && holes.at(-1) === 0)) {
      if (here === '}') holes.pop();
      const end = endOfTemplatePart(source, at + 1);
      if (source.startsWith('${', end - 2)) holes.push(0);
      out.push('``');
      at = end;
    } else if (here === '/' && BEFORE_REGEX.test(tail())) {
      at = endOfRegex(source, at);
      out.push('0');
    } else {
      if (holes.length > 0 && here === '{') holes[holes.length - 1]! += 1;
      if (holes.length > 0 && here === '}') holes[holes.length - 1]! -= 1;
      out.push(here);
      at += 1;
    }
  }
  return out.join('');
}

function indexOr(source: string, needle: string, from: number): number {
  const found = source.indexOf(needle, from);
  return found < 0 ? source.length : found;
}

/** One past the closing quote; an apostrophe in JSX text has none, and ends with its line. */
function endOfQuoted(source: string, open: number): number {
  for (let at = open + 1; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === source[open]) return at + 1;
    else if (source[at] === '\n') return at;
  }
  return source.length;
}

/** One past the closing backtick, or past the `${` of the next hole. */
function endOfTemplatePart(source: string, from: number): number {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '`') return at + 1;
    else if (source.startsWith('${', at)) return at + 2;
  }
  return source.length;
}

/** One past the closing slash. A slash in a class (`[/]`) does not close; neither does one that JSX put there. */
function endOfRegex(source: string, open: number): number {
  let inClass = false;
  for (let at = open + 1; at < source.length; at += 1) {
    const here = source[at];
    if (here === '\\') at += 1;
    else if (here === '\n') return open + 1;
    else if (here === '[') inClass = true;
    else if (here === ']') inClass = false;
    else if (here === '/' && !inClass) return at + 1;
  }
  return source.length;
}
