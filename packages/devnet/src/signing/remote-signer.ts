import { PublicKey, Signature, verify } from '@chainsafe/blst';
import { fromHex, type Pubkey, toHex } from '@holdfast/units';
import { DevnetError } from '../errors.ts';
import { Gate } from './gate.ts';
import {
  DutyFailedError,
  type DutyFailure,
  type DutyFailureDetails,
  type DutyRequest,
  type DutySigner,
} from './port.ts';

export interface RemoteSignerOptions {
  /** `http://host:port` or `https://…`, with a path below which the API stands, if it has one. */
  readonly url: string;
  readonly bearerToken?: string;
  /** Of one request, waiting for a free connection not counted. Default 2 s. */
  readonly timeoutMs?: number;
  /** How many requests are under way at a time. Default 64. */
  readonly concurrency?: number;
}

/** How much of an answer is read, in bytes: a signature in JSON takes 210. */
const ANSWER_BYTES_MAX = 4_096;

/**
 * A signer behind the remote signing API that Web3Signer made common (`POST /api/v1/eth2/sign/{pubkey}`). Nothing that it
 * answers is believed: a signature is verified against the validator's key and the root that was to be signed.
 *
 * @throws DevnetError `DEVNET_SIGNER_URL`
 */
export function createRemoteSigner(options: RemoteSignerOptions): DutySigner {
  return new RemoteSigner(options);
}

class RemoteSigner implements DutySigner {
  readonly name: string;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #gate: Gate;
  readonly #pubkeys = new Map<Pubkey, PublicKey>();

  constructor({ url, bearerToken, timeoutMs = 2_000, concurrency = 64 }: RemoteSignerOptions) {
    const { origin, host, pathname } = parse(url);
    this.name = host;
    this.#base = `${origin}${pathname.replace(/\/+$/, '')}`;
    this.#headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
    };
    this.#timeoutMs = timeoutMs;
    this.#gate = new Gate(concurrency);
  }

  async sign(pubkey: Pubkey, request: DutyRequest): Promise<Uint8Array> {
    const data = { signer: this.name, pubkey, type: request.type };
    const { status, text } = await this.#gate.run(() => this.#post(pubkey, request, data));
    if (status !== 200) throw new DutyFailedError(failureOf(status), { ...data, status, reason: reasonOf(text) });
    const signature = signatureIn(text);
    if (!signature || !this.#verifies(pubkey, request.signingRoot, signature)) {
      throw new DutyFailedError('badSignature', data);
    }
    return signature;
  }

  async #post(pubkey: Pubkey, request: DutyRequest, data: DutyFailureDetails) {
    try {
      // Node's fetch keeps connections alive, so a duty costs no handshake.
      const response = await fetch(`${this.#base}/api/v1/eth2/sign/${pubkey}`, {
        method: 'POST',
        headers: this.#headers,
        body: JSON.stringify(bodyOf(request)),
        redirect: 'error',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      return { status: response.status, text: await readUpTo(response, ANSWER_BYTES_MAX) };
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DutyFailedError('unavailable', { ...data, reason }, cause);
    }
  }

  #verifies(pubkey: Pubkey, signingRoot: Uint8Array, signature: Uint8Array): boolean {
    try {
      const key = this.#pubkeys.get(pubkey) ?? PublicKey.fromBytes(fromHex(pubkey, 48), true);
      this.#pubkeys.set(pubkey, key);
      return verify(signingRoot, key, Signature.fromBytes(signature, true));
    } catch {
      // Not a point of the curve or not of the group: the same lie in another form.
      return false;
    }
  }
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && !url.username && !url.password) return url;
  throw new DevnetError('DEVNET_SIGNER_URL', 'not the URL of a signer', {
    fix: 'Write http://host:port or https://host, without user or password: give a bearer token instead',
  });
}

function bodyOf({ type, forkInfo, object, signingRoot }: DutyRequest): unknown {
  const fork = forkInfo && {
    fork_info: {
      fork: {
        previous_version: forkInfo.fork.previousVersion,
        current_version: forkInfo.fork.currentVersion,
        epoch: String(forkInfo.fork.epoch),
      },
      genesis_validators_root: forkInfo.genesisValidatorsRoot,
    },
  };
  return { type, ...fork, signingRoot: toHex(signingRoot), ...object };
}

function failureOf(status: number): DutyFailure {
  if (status === 412) return 'refused';
  return status === 429 || status >= 500 ? 'unavailable' : 'unable';
}

function signatureIn(text: string): Uint8Array | null {
  const body = text.trim();
  const found = body.startsWith('{') ? (/"signature"\s*:\s*"(0x[0-9a-fA-F]{192})"/.exec(body)?.[1] ?? '') : body;
  return /^0x[0-9a-fA-F]{192}$/.test(found) ? fromHex(found, 96) : null;
}

/** A refusal in the signer's words: the `message` of JSON where there is one, printable, on one line, short. */
function reasonOf(text: string): string {
  let words = text;
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') words = message;
  } catch {
    // Web3Signer's own answers are plain text.
  }
  return words
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 300);
}

async function readUpTo(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > bytesMax) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, bytesMax);
}
