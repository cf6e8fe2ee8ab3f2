import { finalize, type Pool, type PoolManifest, type PoolSnapshot } from '@holdfast/pool';
import type { Hex, Pubkey } from '@holdfast/units';
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

/** A snapshot in the terms of decisions, with what has to be asked beside it. */
export async function poolFacts(
  pool: Pool,
  snapshot: PoolSnapshot,
  options: { readonly account: Hex; readonly finalizePerBatchMax: number },
): Promise<PoolFacts> {
  const { ledger, operators, queue, validators, vault } = snapshot;
  const [finalizable, requestFeeWei] = await Promise.all([finalizableOf(pool, snapshot, options), requestFee(pool)]);
  return {
    validators: validators.map((validator): ValidatorRecord => {
      const { exitRequest, slashing, pubkey, ...record } = validator;
      return {
        ...record,
        pubkey: pubkey as Pubkey,
        exitAskedAt: Number(exitRequest?.askedAt ?? 0n),
        slashing: slashing ? { ...slashing, settleableFrom: Number(slashing.settleableFrom) } : undefined,
      };
    }),
    operators: new Map(operators.map(({ id, mayStake, frozen }) => [id, { mayStake, frozen }])),
    checkpoint: checkpointRecord(snapshot),
    fundCursor: ledger.fundCursor,
    exitCursor: ledger.exitCursor,
    stakeableWei: vault.stakeableCash,
    shortfallWei: ledger.shortfall,
    unreportedWei: vault.freeCash - (snapshot.totalShares * snapshot.rate.target) / ONE_SHARE,
    lastRequestId: Number(queue.lastId),
    payableId: Number(queue.payableId),
    finalizable,
    requestFeeWei,
  };
}

function checkpointRecord({ checkpoint }: PoolSnapshot): CheckpointRecord {
  const { open, stateRoot, slot, startSlot, startedAt, remaining } = checkpoint;
  const phase = !open ? 'idle' : stateRoot === ZERO_ROOT ? 'started' : 'opened';
  return { phase, slot, startSlot, startedAt: Number(startedAt), remaining };
}

/** The queue itself says how many it would pay: its sums are not done twice. */
async function finalizableOf(
  pool: Pool,
  { queue, vault }: PoolSnapshot,
  { account, finalizePerBatchMax }: { readonly account: Hex; readonly finalizePerBatchMax: number },
): Promise<number> {
  if (queue.payableId <= queue.finalizedId || vault.claimableNow === 0n) return 0;
  const { result } = await finalize(pool, { most: BigInt(finalizePerBatchMax) }, { account, dryRun: true });
  return Number(result);
}

async function requestFee({ publicClient }: Pool): Promise<bigint | null> {
  try {
    const { data } = await publicClient.call({ to: WITHDRAWAL_REQUESTS });
    return data?.length === 66 ? BigInt(data) : null;
  } catch {
    return null; // Inhibited until its first system call (EIP-7002), or the node failed: ask again next time.
  }
}
