import type { Pubkey, Root } from '@holdfast/units';
import type { ClaimVerdict, Client, SignEvent, SignerParts, SlashableDuty } from '../../src/service.ts';
import { GVR, NETWORK } from '../requests-kit.ts';

export const PUBKEY = `0x${'11'.repeat(48)}` as Pubkey;
export const SIGNATURE = new Uint8Array(96).fill(0xa5);

/** What happened at the service's ports, in order, and levers to make them misbehave. */
export interface Bench {
  readonly parts: SignerParts;
  readonly client: Client;
  readonly steps: string[];
  readonly claims: SlashableDuty[];
  readonly signed: Uint8Array[];
  readonly events: SignEvent[];
  mayUse: boolean;
  mayAsk: boolean;
  held: boolean;
  verdict: ClaimVerdict;
  /** Awaited before a claim resolves. */
  disk: () => Promise<unknown>;
  onClaim: () => void;
  onSign: () => void;
  signature: Uint8Array;
  /** Thrown by the policy, or by the gate from then on. */
  policyError: Error | null;
  gateError: Error | null;
}

export function bench(): Bench {
  const steps: string[] = [];
  const made: Bench = {
    steps,
    claims: [],
    signed: [],
    events: [],
    mayUse: true,
    mayAsk: true,
    held: true,
    verdict: { allowed: true, repeated: false },
    disk: () => Promise.resolve(),
    onClaim: () => {},
    onSign: () => {},
    signature: SIGNATURE,
    policyError: null,
    gateError: null,
    client: { name: 'vc', mayUse: () => made.mayUse, mayAsk: () => made.mayAsk },
    parts: {
      network: NETWORK,
      now: ticking(),
      keys: {
        has: () => made.held,
        sign: async (_pubkey, root) => {
          steps.push('sign');
          made.signed.push(root.slice());
          made.onSign();
          return made.signature;
        },
      },
      protection: {
        genesisValidatorsRoot: GVR as Root,
        claim: async (duty) => {
          steps.push('claim');
          made.claims.push(duty);
          made.onClaim();
          await made.disk();
          steps.push('on disk');
          return made.verdict;
        },
      },
      policy: {
        check: () => {
          steps.push('policy');
          if (made.policyError) throw made.policyError;
        },
      },
      gate: {
        check: () => {
          steps.push('gate');
          if (made.gateError) throw made.gateError;
        },
      },
      hooks: { onSign: (event) => made.events.push(event) },
    },
  };
  return made;
}

/** One millisecond later at each look. */
function ticking(): () => number {
  let ms = 0;
  return () => ms++;
}
