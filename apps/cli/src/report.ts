import { HoldfastError } from '@holdfast/units';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit.ts';
import { withoutSecrets } from './net/urls.ts';

/** An error as it is told: to a person as lines, to a program as JSON. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** What it came from, nearest first. */
  readonly causes?: readonly string[];
  readonly exitCode: ExitCode;
}

const USAGE = new Set([
  'CLI_USAGE',
  'CLI_FILE',
  'CLI_KEY',
  'POOL_CONFIG',
  'KEEPER_CONFIG',
  'KEYS_CONFIG',
  'KEYS_DEPOSIT',
  'KEYS_HSM_KEY',
  'KEYS_HSM_MODULE',
  'KEYS_HSM_PIN',
  'KEYS_HSM_TOKEN',
  'KEYS_KEK_WRONG',
  'KEYS_LOCK',
  'NODE_BAD_IDENTITY',
  'NODE_EXIT_REQUEST',
  'NODE_NOT_A_MEMBER',
  'NODE_WRONG_CHAIN',
  'PROTECTION_GENESIS',
  'PROTECTION_INPUT',
  'PROTECTION_INTERCHANGE',
  'SIGNER_ACCESS',
  'SIGNER_CONFIG',
  'UNITS_BAD_ETH',
]);
const NETWORK =
  /^(?:CLI_NETWORK|BEACON_(?:HTTP|TIMEOUT|NETWORK|TOO_LARGE|ANSWER|UNAVAILABLE|LIE)|KEEPER_RPC_BEHIND|NODE_TOO_FEW_CAME|EXECUTION_ENGINE|PROTECTION_UNAVAILABLE)$/;
/** viem's errors for a node that cannot be reached, stalls, or answers no JSON-RPC. */
const VIEM_NETWORK = new Set(['HttpRequestError', 'TimeoutError', 'SocketClosedError', 'WebSocketRequestError']);
const CAUSES_MAX = 3;

/** What to tell about an error, and what to end with. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof CommanderError) return usageReport(error);
  if (error instanceof HoldfastError) {
    const causes = causesOf(error.cause);
    return {
      code: error.code,
      message: withoutSecrets(error.message),
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      ...(Object.keys(error.data).length === 0 ? {} : { data: error.data }),
      ...(causes.length === 0 ? {} : { causes }),
      exitCode: USAGE.has(error.code) ? EXIT.usage : NETWORK.test(error.code) ? EXIT.network : EXIT.failed,
    };
  }
  const unreachable = findUnreachable(error);
  if (unreachable) return unreachable;
  const causes = causesOf((error as { cause?: unknown } | null)?.cause);
  return {
    code: codeOf(error) ?? 'UNEXPECTED',
    message: sentence(error),
    fix: 'This was not foreseen: run it again with --debug, and please report what it shows',
    ...(causes.length === 0 ? {} : { causes }),
    exitCode: EXIT.failed,
  };
}

/** The command line as commander refuses it, without the value of an option it does not know: that may be a key. */
function usageReport(error: CommanderError): ErrorReport {
  const message = error.message.replace(/^error: /, '').replace(/(unknown option '[^'=]*)=[^']*'/, "$1'");
  return {
    code: 'CLI_USAGE',
    message: withoutSecrets(message),
    fix: 'Add --help to see what there is',
    exitCode: EXIT.usage,
  };
}

function findUnreachable(error: unknown): ErrorReport | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    const refused = codeOf(at) === 'ECONNREFUSED' || codeOf(at) === 'ENOTFOUND' || at.message === 'fetch failed';
    if (!VIEM_NETWORK.has(at.name) && !refused) continue;
    const { url } = at as { url?: unknown };
    const causes = causesOf(at.cause);
    return {
      code: 'CLI_NETWORK',
      message: `the node cannot be reached${typeof url === 'string' ? ` (${withoutSecrets(url)})` : ''}: ${sentence(at)}`,
      fix: 'Check --rpc-url and --beacon-url, and that the nodes are up',
      ...(causes.length === 0 ? {} : { causes }),
      exitCode: EXIT.network,
    };
  }
  return null;
}

function causesOf(cause: unknown): string[] {
  const causes: string[] = [];
  for (let at = cause; at instanceof Error && causes.length < CAUSES_MAX; at = at.cause) causes.push(sentence(at));
  return causes;
}

/** The first line of an error's message: libraries put requests, and so keys and calldata, below it. */
function sentence(error: unknown): string {
  const { shortMessage, message } = (error ?? {}) as { shortMessage?: unknown; message?: unknown };
  const text = typeof shortMessage === 'string' ? shortMessage : typeof message === 'string' ? message : String(error);
  return withoutSecrets(text.split('\n')[0]!).slice(0, 500);
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
