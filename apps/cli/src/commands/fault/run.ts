import type { Context } from '../../context.ts';
import { CliNetworkError, CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { shown } from '../../net/urls.ts';
import type { FaultCommandOptions } from './command.ts';
import { isValidatorFault } from './kinds.ts';

const USUAL_URL = 'http://127.0.0.1:5052';
const TIMEOUT_MS = 10 * 60_000;

export async function runFault(options: FaultCommandOptions, context: Context): Promise<ExitCode> {
  const base = `${options.devnetUrl ?? USUAL_URL}/holdfast/v1`;
  const [kind] = options.arguments;
  const answer =
    kind === 'step' ? { data: await step(base, options.slots ?? 1) } : await post(...requestOf(base, options));
  context.tell({ kind, ...answer });
  context.say(`Done: ${kind}${answer.note === undefined ? '' : ` (${answer.note})`}.\n`);
  return EXIT.ok;
}

function requestOf(base: string, options: FaultCommandOptions): [url: string, body: object] {
  const [kind] = options.arguments;
  if (isValidatorFault(kind)) {
    const { validators, atOnce, forSlots, feeRecipient } = options;
    if (validators === undefined) throw new CliUsageError(`${kind} needs --validators`);
    return [`${base}/faults`, { kind, validators, atOnce, forSlots, feeRecipient }];
  }
  if (kind === 'vaultShort') {
    if (options.address === undefined) throw new CliUsageError("vaultShort needs --address, the Vault's");
    return [`${base}/tamper`, { kind, address: options.address, wei: options.wei ?? '1' }];
  }
  if (kind === 'lyingBalances') return [`${base}/tamper`, { kind, gwei: options.gwei ?? 1 }];
  return [`${base}/tamper`, { kind }];
}

/** Lets slots pass at once. A chain on a timer goes on from there at its pace, ahead of the wall clock. */
async function step(base: string, slots: number): Promise<unknown> {
  const { running } = (await post(`${base}/status`)).data as { running: boolean };
  if (running) await post(`${base}/stop`, {});
  const done = (await post(`${base}/step`, { slots })).data as readonly unknown[];
  if (running) await post(`${base}/start`, {});
  return { slots: done.length };
}

interface Answer {
  readonly data?: unknown;
  /** What it means here, for people. */
  readonly note?: string;
}

/** A control endpoint's answer; without a body it is read with GET. */
async function post(url: string, body?: object): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, {
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new CliNetworkError('the devnet cannot be reached', {
      data: { url: shown(url) },
      fix: 'Start one with `holdfast devnet` or `holdfast up`, or give its --devnet-url',
      cause,
    });
  }
  const answer = (await response.json().catch(() => null)) as (Answer & { message?: unknown }) | null;
  if (response.ok) return { data: answer?.data, ...(answer?.note === undefined ? {} : { note: answer.note }) };
  const why = typeof answer?.message === 'string' ? answer.message : `HTTP ${response.status}`;
  if (response.status === 404)
    throw new CliNetworkError(`this is no Holdfast devnet: ${why}`, { data: { url: shown(url) } });
  throw new CliUsageError(`the devnet refused it: ${why}`);
}
