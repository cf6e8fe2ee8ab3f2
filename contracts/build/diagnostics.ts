/** One error or warning of the compiler, as its standard JSON has it. */
export interface SolcMessage {
  readonly severity: 'error' | 'warning' | 'info';
  readonly errorCode?: string;
  readonly message: string;
  readonly sourceLocation?: { readonly file: string; readonly start: number; readonly end: number };
}

/** Warnings of our own sources that are let pass, by code, each with the reason. Any other stops the build. */
const ALLOWED_WARNINGS: Record<string, string> = {
  '2394': 'transient storage: used only for locks that the same call releases',
};
/** Code and init code over the limit: an unoptimized build may be larger, and the size check judges release builds. */
const SIZE_WARNINGS = ['5574', '3860'];

/** Solidity that does not compile, or compiles with a warning: `file:line:column message` for each. */
export class SolidityError extends Error {
  readonly diagnostics: readonly string[];

  constructor(diagnostics: readonly string[]) {
    super(`Solidity does not compile:\n${diagnostics.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'SolidityError';
    this.diagnostics = diagnostics;
  }
}

/** Those of `messages` that must stop the build: errors anywhere, warnings in sources under `src/`. */
export function fatalMessages(messages: readonly SolcMessage[]): SolcMessage[] {
  return messages.filter((message) => {
    if (message.severity === 'error') return true;
    if (message.severity !== 'warning' || !message.sourceLocation?.file.startsWith('src/')) return false;
    const code = message.errorCode ?? '';
    return !(code in ALLOWED_WARNINGS) && !SIZE_WARNINGS.includes(code);
  });
}

/** True where another mode of the compiler may succeed. */
export function isStackTooDeep(messages: readonly SolcMessage[]): boolean {
  return messages.some(
    ({ severity, message }) => severity === 'error' && /stack too deep|too deep in the stack/i.test(message),
  );
}

/** `src/custody/Vault.sol:12:5: error 2314: Expected ';'` */
export function formatMessage(message: SolcMessage, textOf: (unit: string) => string | undefined): string {
  const at = message.sourceLocation;
  const text = at && textOf(at.file);
  const place = at
    ? `${at.file}${text === undefined || at.start < 0 ? '' : `:${lineAndColumn(text, at.start)}`}: `
    : '';
  const code = message.errorCode ? ` ${message.errorCode}` : '';
  return `${place}${message.severity}${code}: ${message.message.trim()}`;
}

/** The compiler counts in bytes of UTF-8; people count lines and columns from 1. */
function lineAndColumn(text: string, byteOffset: number): string {
  const before = Buffer.from(text, 'utf8').subarray(0, byteOffset).toString('utf8');
  return `${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
}
