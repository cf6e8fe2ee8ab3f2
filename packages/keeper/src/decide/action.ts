/** One call that moves the pool on. `urgent` ones are made whatever they cost. */
export type Action = { readonly key: string; readonly urgent: boolean } & ActionBody;

export type ActionBody =
  | { readonly kind: 'proveCredentials'; readonly ordinal: number }
  | { readonly kind: 'fund'; readonly ordinal: number }
  | { readonly kind: 'startCheckpoint'; readonly reason: StartReason }
  | { readonly kind: 'openCheckpoint' }
  | { readonly kind: 'resolvePending'; readonly ordinal: number }
  | { readonly kind: 'resolveLanded'; readonly ordinal: number }
  | { readonly kind: 'proveBalances'; readonly ordinals: readonly number[] }
  | { readonly kind: 'finishCheckpoint' }
  | { readonly kind: 'finalizeWithdrawals'; readonly most: number }
  | { readonly kind: 'proveExit'; readonly ordinal: number }
  | { readonly kind: 'proveWithdrawn'; readonly ordinal: number }
  | { readonly kind: 'requestExit'; readonly ordinal: number; readonly reason: 'queue' | 'frozen' }
  | { readonly kind: 'proveSlashing'; readonly ordinal: number }
  | { readonly kind: 'proveReference'; readonly ordinal: number; readonly slot: number }
  | {
      readonly kind: 'proveRecovery';
      readonly ordinal: number;
      readonly slot: number;
      readonly withdrawalIndex: number;
    }
  | { readonly kind: 'settle'; readonly ordinal: number }
  /** Unsettled slashings `from` to `to` (not included) of an operator, in the order in which they were proven. */
  | { readonly kind: 'raiseProvisions'; readonly operatorId: number; readonly from: number; readonly to: number }
  | { readonly kind: 'advanceTurns'; readonly most: number };

export type ActionKind = ActionBody['kind'];

/** Why a checkpoint is begun: in its turn, for requests, in place of one that got stuck, for a slashed or a leaving validator. */
export type StartReason = 'due' | 'requests' | 'replace' | 'slashing' | 'leaving';

/** Made at any gas price: what protects stakers from a loss, and what was begun and would else have to be begun anew. */
const URGENT: ReadonlySet<ActionKind> = new Set([
  'proveSlashing',
  'proveReference',
  'proveRecovery',
  'raiseProvisions',
  'openCheckpoint',
  'resolvePending',
  'resolveLanded',
  'proveBalances',
  'finishCheckpoint',
] satisfies ActionKind[]);

/** The same call has the same key, whichever observation it came from, so that it is not made twice. */
export function action(body: ActionBody): Action {
  const urgent = URGENT.has(body.kind) || (body.kind === 'requestExit' && body.reason === 'frozen');
  return { ...body, key: keyOf(body), urgent };
}

export function keyOf(body: ActionBody): string {
  switch (body.kind) {
    case 'raiseProvisions':
      return `raiseProvisions:${body.operatorId}/${body.from}`;
    case 'proveBalances':
      return `proveBalances:${body.ordinals[0]}-${body.ordinals.at(-1)}`;
    case 'proveReference':
      return `proveReference:${body.ordinal}@${body.slot}`;
    case 'proveRecovery':
      return `proveRecovery:${body.ordinal}#${body.withdrawalIndex}`;
    default:
      return 'ordinal' in body ? `${body.kind}:${body.ordinal}` : body.kind;
  }
}
