import {
  expectedLossGwei,
  finalize,
  type OperatorSnapshot,
  type Pool,
  type PoolManifest,
  type PoolSnapshot,
} from '@holdfast/pool';
import { type Hex, type Pubkey, WEI_PER_GWEI } from '@holdfast/units';
import type { CheckpointRecord, PoolFacts, Rules, ValidatorRecord } from '../decide/observation.ts';
import type { ResolvedOptions } from '../options.ts';

/** EIP-7002's system contract; an empty call answers the fee in wei. */
const WITHDRAWAL_REQUESTS: Hex = '0x00000961Ef480Eb55e80D19ad83579A64c007002';
const ZERO_ROOT: Hex = `0x${'00'.repeat(32)}`;
const ONE_SHARE = 10n ** 18n;
const PREDEPOSIT_GWEI = 1_000_000_000n;

export function rulesOf({ config, facts }: PoolManifest, options: ResolvedOptions): Rules {
  return {
    slotsPerEpoch: Number(facts.clock.slotsPerEpoch),
    fundingGwei: config.ledger.stakeGwei - PREDEPOSIT_GWEI,
    checkpointMinIntervalS: Number(config.checkpoint.minInterval),
    checkpointTimeoutS: Number(config.checkpoint.timeout),
    exitRetryS: Number(config.ledger.exitRetrySeconds),
    requestFeeCapWei: config.vault.requestFeeCap,
    checkpointEveryS: options.checkpointEveryS,
    balancesPerBatchMax: options.balancesPerBatchMax,
    finalizePerBatchMax: options.finalizePerBatchMax,
    evidenceGraceS: options.evidenceGraceS,
  };
}

/** A snapshot in the terms of decisions, with what was asked beside it. */
export function poolFacts(
  { config }: PoolManifest,
  snapshot: PoolSnapshot,
  beside: Pick<PoolFacts, 'finalizable' | 'requestFeeWei'>,
): PoolFacts {
  const { ledger, operators, queue, rate, totalShares, validators, vault } = snapshot;
  return {
    ...beside,
    validators: validators.map((validator): ValidatorRecord => {
      const { exitRequest, slashing, pubkey, ...record } = validator;
      return {
        ...record,
        pubkey: pubkey as Pubkey,
        exitAskedAt: Number(exitRequest?.askedAt ?? 0n),
        exitExpectedGwei: exitRequest?.expectedGwei ?? 0n,
        slashing: slashing ? { ...slashing, settleableFrom: Number(slashing.settleableFrom) } : undefined,
      };
    }),
    operators: new Map(
      operators.map((operator) => {
        const { id, mayStake, frozen } = operator;
        return [id, { mayStake, frozen, lowProvisions: lowProvisions(config.slashing, snapshot, operator) }];
      }),
    ),
    checkpoint: checkpointRecord(snapshot),
    fundCursor: ledger.fundCursor,
    exitCursor: ledger.exitCursor,
    stakeableWei: vault.stakeableCash,
    wantedWei: (queue.queuedShares * rate.current) / ONE_SHARE,
    comingWei: vault.freeCash + ledger.leavingGwei * WEI_PER_GWEI,
    unreportedWei: vault.freeCash - (totalShares * rate.target) / ONE_SHARE,
    lastRequestId: Number(queue.lastId),
    payableId: Number(queue.payableId),
  };
}

/** The operator's unsettled slashings, if one of them is provisioned for less than all of them together call for. */
function lowProvisions(
  { totalActiveGwei, slashingsVectorEpochs }: PoolManifest['config']['slashing'],
  { validators }: PoolSnapshot,
  { id, slashedGwei }: OperatorSnapshot,
): number {
  const open = validators.filter(({ operatorId, slashing }) => operatorId === id && slashing !== null);
  const isLow = open.some(({ slashing }) => {
    const { effectiveGwei: balanceGwei, expectedGwei } = slashing!;
    return expectedGwei < expectedLossGwei({ balanceGwei, slashedGwei, totalActiveGwei, slashingsVectorEpochs });
  });
  return isLow ? open.length : 0;
}

function checkpointRecord({ checkpoint }: PoolSnapshot): CheckpointRecord {
  const { open, stateRoot, slot, startSlot, startedAt, remaining } = checkpoint;
  const phase = !open ? 'idle' : stateRoot === ZERO_ROOT ? 'started' : 'opened';
  return { phase, slot, startSlot, startedAt: Number(startedAt), remaining };
}

/** Requests that `finalize` would pay now. The queue itself says how many it would pay: its sums are not done twice. */
export async function finalizableOf(
  pool: Pool,
  { queue, vault }: PoolSnapshot,
  { account, finalizePerBatchMax }: { readonly account: Hex; readonly finalizePerBatchMax: number },
): Promise<number> {
  if (queue.payableId <= queue.finalizedId || vault.claimableNow === 0n) return 0;
  const { result } = await finalize(pool, { most: BigInt(finalizePerBatchMax) }, { account, dryRun: true });
  return Number(result);
}

export async function requestFee({ publicClient }: Pool): Promise<bigint | null> {
  try {
    const { data } = await publicClient.call({ to: WITHDRAWAL_REQUESTS });
    return data?.length === 66 ? BigInt(data) : null;
  } catch {
    return null; // Inhibited until its first system call (EIP-7002), or the node failed: ask again next time.
  }
}
