import { type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import {
  answerTo,
  InternalError,
  RefusedError,
  RootMismatchError,
  SignerConfigError,
  type SignerError,
  type SignerErrorKind,
  UnknownKeyError,
} from './errors.ts';
import { parseSignRequest } from './requests/parse.ts';
import { isSlashable, type SignRequest, type SignType } from './requests/types.ts';
import { type Network, signingRootOf } from './roots/signing-root.ts';

/** Who asks, as the access layer has established it. */
export interface Client {
  /** For logs, metrics and policies; no secret. */
  readonly name: string;
  /** A key that a client may not use is unknown to it. */
  mayUse(pubkey: Pubkey): boolean;
  mayAsk(type: SignType): boolean;
}

/** Whether anything may be signed now (kill switch, doppelganger watch, ownership, shutdown). */
export interface Gate {
  /** @throws StoppedError when this key may not sign at this moment */
  check(pubkey: Pubkey): void;
}

/** What must hold for a message to be worth a signature, beyond not being slashable. */
export interface Policy {
  /** @throws RefusedError naming the rule */
  check(request: SignRequest, context: PolicyContext): void;
}

export interface PolicyContext {
  readonly pubkey: Pubkey;
  readonly client: Client;
}

/** The part of `KeyRing` (@holdfast/keys) that signing needs. */
export interface KeyPort {
  has(pubkey: Pubkey): boolean;
  /** 96 bytes. */
  sign(pubkey: Pubkey, signingRoot: Uint8Array): Promise<Uint8Array>;
}

/** The part of `ProtectionStore` (@holdfast/protection) that signing needs. */
export interface ProtectionPort {
  readonly genesisValidatorsRoot: Root;
  /** Resolves once an allowed duty is on disk. */
  claim(duty: SlashableDuty): Promise<ClaimVerdict>;
}

export type SlashableDuty =
  | { readonly kind: 'block'; readonly pubkey: Pubkey; readonly slot: bigint; readonly signingRoot: Root }
  | {
      readonly kind: 'attestation';
      readonly pubkey: Pubkey;
      readonly sourceEpoch: bigint;
      readonly targetEpoch: bigint;
      readonly signingRoot: Root;
    };

export type ClaimVerdict =
  | { readonly allowed: true; readonly repeated: boolean }
  | { readonly allowed: false; readonly rule: string; readonly message: string };

/** How one request went, for metrics. Durations in milliseconds; a stage that was not reached took 0. */
export interface SignEvent {
  /** Null if the request was not understood. */
  readonly type: SignType | null;
  readonly client: string;
  readonly outcome: 'signed' | SignerErrorKind;
  /** Of a refusal. */
  readonly rule: string | null;
  /** Parsing, signing root and policy. */
  readonly checkMs: number;
  readonly protectMs: number;
  readonly signMs: number;
  readonly totalMs: number;
}

export interface SignerHooks {
  /** Called once for each request, after its outcome is settled. Must not throw. */
  onSign(event: SignEvent): void;
}

export interface SignerParts {
  readonly keys: KeyPort;
  readonly protection: ProtectionPort;
  readonly policy: Policy;
  readonly gate: Gate;
  readonly network: Network;
  readonly hooks?: SignerHooks;
  /** A monotonic clock in milliseconds; `performance.now` unless told. */
  readonly now?: () => number;
}

interface Stages {
  type: SignType | null;
  checked: number;
  protectMs: number;
  signMs: number;
}

/**
 * Turns a request into a signature, or into a typed error and no signature.
 *
 * Check, persist, sign, in this order: the request is parsed and its signing root computed from the object; the client,
 * the policy and the gate are asked; what can be slashed for is claimed in the protection store, which answers when the
 * claim is on disk; the gate is asked again, the key signs, and the gate is asked a last time before the signature is
 * let out. A crash after the claim loses a signature, never the memory of it: the same request may then be repeated.
 */
export class SignerService {
  readonly #parts: SignerParts;
  readonly #now: () => number;

  /** @throws SignerConfigError when the protection store belongs to another chain than the network */
  constructor(parts: SignerParts) {
    const { network, protection } = parts;
    if (network.genesisValidatorsRoot !== protection.genesisValidatorsRoot) {
      throw new SignerConfigError('the slashing protection store belongs to another chain', {
        data: { network: network.genesisValidatorsRoot, store: protection.genesisValidatorsRoot },
        fix: "Give the signer this network's own store, or correct genesisValidatorsRoot",
      });
    }
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  /**
   * @param body what JSON.parse made of the request's body
   * @returns the signature, `0x` and 96 bytes in hex
   * @throws SignerError, and nothing else
   */
  async sign(pubkey: Pubkey, body: unknown, client: Client): Promise<Hex> {
    const started = this.#now();
    const stages: Stages = { type: null, checked: started, protectMs: 0, signMs: 0 };
    try {
      const signature = await this.#sign(pubkey, body, client, stages);
      this.#report(stages, started, client, null);
      return signature;
    } catch (error) {
      const answer = answerTo(error, 'signing failed', pubkey);
      this.#report(stages, started, client, answer);
      throw answer;
    }
  }

  async #sign(pubkey: Pubkey, body: unknown, client: Client, stages: Stages): Promise<Hex> {
    const { gate, keys, policy, network } = this.#parts;
    const request = parseSignRequest(body);
    stages.type = request.type;
    const signingRoot = this.#signingRoot(request);
    if (!client.mayUse(pubkey) || !keys.has(pubkey)) throw new UnknownKeyError(pubkey);
    if (!client.mayAsk(request.type)) {
      throw new RefusedError('client-type', `client ${client.name} may not ask for ${request.type}`, {
        data: { client: client.name, type: request.type },
        fix: "Add the type to the client's allow-list if it should",
      });
    }
    refuseOtherChain(request, network);
    policy.check(request, { pubkey, client });
    gate.check(pubkey);
    stages.checked = this.#now();
    if (isSlashable(request)) {
      await this.#claim(pubkey, request, signingRoot);
      stages.protectMs = this.#now() - stages.checked;
      gate.check(pubkey);
    }
    const signing = this.#now();
    const signature = await this.#signWithKey(pubkey, signingRoot);
    stages.signMs = this.#now() - signing;
    gate.check(pubkey);
    return toHex(signature);
  }

  #signingRoot(request: SignRequest): Uint8Array {
    const root = signingRootOf(request, this.#parts.network);
    const { suppliedRoot } = request;
    if (suppliedRoot !== null && Buffer.compare(suppliedRoot, root) !== 0) {
      throw new RootMismatchError({ data: { type: request.type, sent: toHex(suppliedRoot), computed: toHex(root) } });
    }
    return root;
  }

  async #claim(pubkey: Pubkey, request: Parameters<typeof dutyOf>[1], signingRoot: Uint8Array): Promise<void> {
    let verdict: ClaimVerdict;
    try {
      verdict = await this.#parts.protection.claim(dutyOf(pubkey, request, toHex(signingRoot) as Root));
    } catch (error) {
      throw answerTo(error, 'slashing protection failed', pubkey);
    }
    if (!verdict.allowed) {
      throw new RefusedError(verdict.rule, verdict.message, { data: { pubkey, type: request.type } });
    }
  }

  async #signWithKey(pubkey: Pubkey, signingRoot: Uint8Array): Promise<Uint8Array> {
    const { keys } = this.#parts;
    let signature: Uint8Array;
    try {
      signature = await keys.sign(pubkey, signingRoot);
    } catch (error) {
      // Deleted while the request was on its way.
      if (!keys.has(pubkey)) throw new UnknownKeyError(pubkey);
      throw answerTo(error, 'the key could not sign', pubkey);
    }
    if (signature.length !== 96) throw new InternalError('the key gave something that is no signature');
    return signature;
  }

  #report(stages: Stages, started: number, client: Client, error: SignerError | null): void {
    const { hooks } = this.#parts;
    if (!hooks) return;
    const ended = this.#now();
    hooks.onSign({
      type: stages.type,
      client: client.name,
      outcome: error?.kind ?? 'signed',
      rule: error instanceof RefusedError ? error.rule : null,
      checkMs: (stages.checked > started ? stages.checked : ended) - started,
      protectMs: stages.protectMs,
      signMs: stages.signMs,
      totalMs: ended - started,
    });
  }
}

function dutyOf(
  pubkey: Pubkey,
  request: Extract<SignRequest, { type: 'ATTESTATION' | 'BLOCK' | 'BLOCK_V2' }>,
  signingRoot: Root,
): SlashableDuty {
  if (request.type !== 'ATTESTATION') return { kind: 'block', pubkey, slot: request.header.slot, signingRoot };
  const { source, target } = request.data;
  return { kind: 'attestation', pubkey, sourceEpoch: source.epoch, targetEpoch: target.epoch, signingRoot };
}

/** A signature for another chain is of no use here, and claiming it would lock the key's duties on this one. */
function refuseOtherChain(request: SignRequest, network: Network): void {
  if (!('fork' in request) || request.fork.genesisValidatorsRoot === network.genesisValidatorsRoot) return;
  throw new RefusedError('genesis-validators-root', 'the request belongs to another chain', {
    data: { sent: request.fork.genesisValidatorsRoot, expected: network.genesisValidatorsRoot },
    fix: 'Point the validator client at a beacon node of the network that the signer was set up for',
  });
}
