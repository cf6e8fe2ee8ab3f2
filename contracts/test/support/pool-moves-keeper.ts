import type { LedgerRecord } from './pool-acts.ts';
import { depositDataRoot, STATUS } from './pool-acts.ts';
import type { ModelBlock } from './pool-beacon.ts';
import { GWEI } from './pool-deploy.ts';
import type { Fuzz, FuzzStep } from './pool-fuzz.ts';

const NEVER = Number.POSITIVE_INFINITY;
const KEEPER = 10;
const EPOCH = 8;

/** Everything that moves the pool on now, whoever does it: what honest keepers would send, one proof at a time. */
export function keeperMoves(fuzz: Fuzz, parent: ModelBlock): FuzzStep[] {
  const { queue } = fuzz.pool;
  const moves: FuzzStep[] = [];
  if (fuzz.look.finalizedId < fuzz.look.payableId) {
    moves.push({ actor: KEEPER, to: queue, fn: 'finalize', args: [BigInt(1 + fuzz.random.below(8))] });
  }
  moves.push(...checkpointMoves(fuzz));
  let fundable = 0;
  fuzz.records.forEach((record, n) => {
    const step = validatorMove(fuzz, n + 1, record, parent);
    if (step?.fn === 'fund' && fundable++ > 0) return;
    if (step) moves.push(step);
  });
  return moves;
}

function validatorMove(fuzz: Fuzz, ordinal: number, record: LedgerRecord, parent: ModelBlock): FuzzStep | undefined {
  const key = fuzz.keys.get(ordinal)!;
  const { ledger } = fuzz.pool;
  const index = fuzz.world.beacon.indexOf(key);
  const shown = index === undefined ? undefined : parent.validators[index];
  if (record.status === STATUS.Predeposited && shown && index !== undefined) {
    const args = [ordinal, fuzz.world.stateProof(), fuzz.world.validatorProof(index)];
    return { actor: KEEPER, to: ledger, fn: 'proveCredentials', args };
  }
  if (record.status === STATUS.Proven) {
    const ready = fuzz.operators[record.operatorId - 1]?.mayStake && fuzz.look.stakeable >= 31n * 10n ** 18n;
    const args = [ordinal, key, depositDataRoot(key, fuzz.world.credentials, 31n * GWEI)];
    return ready ? { actor: KEEPER, to: ledger, fn: 'fund', args } : undefined;
  }
  if (!shown || index === undefined) return undefined;
  if (record.status === STATUS.Slashed) return slashedMove(fuzz, ordinal, index, parent);
  if (record.status !== STATUS.Funded && record.status !== STATUS.Exiting) return undefined;
  if (shown.slashed) return slashingMove(fuzz, ordinal, index);
  if (record.status === STATUS.Exiting) return withdrawnMove(fuzz, ordinal, index, record, parent);
  if (shown.exit !== NEVER) {
    const args = [ordinal, fuzz.world.stateProof(), fuzz.world.validatorProof(index)];
    return { actor: KEEPER, to: ledger, fn: 'proveExit', args };
  }
  // The ledger's shortfall believes in exits already asked for; one that the beacon chain passed over is asked for again.
  const unpaid = (fuzz.look.queued * fuzz.look.rate) / 10n ** 18n > fuzz.look.claimable;
  const wanted = unpaid || fuzz.operators[record.operatorId - 1]?.frozen;
  return wanted ? { actor: KEEPER, to: ledger, fn: 'requestExit', args: [ordinal, key] } : undefined;
}

function slashingMove(fuzz: Fuzz, ordinal: number, index: number): FuzzStep {
  const proof = fuzz.world.validatorProof(index);
  const { effectiveBalance, withdrawableEpoch } = proof.fields;
  const slashed = { effective: effectiveBalance, withdrawable: Number(withdrawableEpoch) };
  const args = [ordinal, fuzz.world.stateProof(), proof];
  return { actor: KEEPER, to: fuzz.pool.enforcer, fn: 'proveSlashing', args, slashed };
}

function withdrawnMove(
  fuzz: Fuzz,
  ordinal: number,
  index: number,
  record: LedgerRecord,
  parent: ModelBlock,
): FuzzStep | undefined {
  const over = parent.validators[index]!.withdrawable <= Math.floor(parent.slot / EPOCH);
  if (!over || parent.balances[index] !== 0 || record.inFlightGwei !== 0) return undefined;
  const { world } = fuzz;
  const args = [ordinal, world.stateProof(), world.validatorProof(index), world.balanceProof(index)];
  return { actor: KEEPER, to: fuzz.pool.ledger, fn: 'proveWithdrawn', args };
}

function slashedMove(fuzz: Fuzz, ordinal: number, index: number, parent: ModelBlock): FuzzStep | undefined {
  const { world, random } = fuzz;
  const { enforcer } = fuzz.pool;
  const { withdrawable } = parent.validators[index]!;
  const kind = random.below(3);
  if (kind === 0) {
    // The last state before the fault, or, out of malice, any other.
    const states = world.beacon.blocks.filter(
      (block) => block.slot < parent.slot && block.validators[index]?.slashed === false,
    );
    const block = random.below(3) > 0 || fuzz.quiet ? states.at(-1) : states[random.below(states.length)];
    if (!block) return undefined;
    const at = { timestamp: 0, block };
    const args = [
      ordinal,
      world.stateProof(),
      world.hop(block),
      world.validatorProof(index, at),
      world.balanceProof(index, at),
    ];
    return { actor: KEEPER, to: enforcer, fn: 'proveReference', args };
  }
  if (withdrawable * EPOCH > parent.slot) return undefined;
  if (kind === 1) {
    const paid = world.beacon.blocks.filter(
      ({ slot, withdrawals }) =>
        slot <= parent.slot &&
        slot >= withdrawable * EPOCH &&
        withdrawals.some(({ validatorIndex }) => validatorIndex === index),
    );
    if (paid.length === 0) return undefined;
    const block = random.pick(paid);
    const position = block.withdrawals.findIndex(({ validatorIndex }) => validatorIndex === index);
    const hop = block === parent ? world.noHop() : world.hop(block);
    const args = [ordinal, world.stateProof(), hop, world.withdrawalProof(block, position)];
    return { actor: KEEPER, to: enforcer, fn: 'proveRecovery', args };
  }
  return { actor: KEEPER, to: enforcer, fn: 'settle', args: [ordinal] };
}

function checkpointMoves(fuzz: Fuzz): FuzzStep[] {
  const { ledger } = fuzz.pool;
  const { world, random } = fuzz;
  const open = fuzz.mirror.checkpoint;
  if (!open || (!fuzz.quiet && random.below(40) === 0))
    return [{ actor: KEEPER, to: ledger, fn: 'startCheckpoint', args: [] }];
  const { block } = open;
  if (!fuzz.opened) {
    const args = [world.stateProof({ timestamp: 0, block }), world.opening([0], block).opening];
    return [{ actor: KEEPER, to: ledger, fn: 'openCheckpoint', args }];
  }
  const missing = [...open.members].filter((ordinal) => !open.values.has(ordinal));
  if (missing.length === 0) return [{ actor: KEEPER, to: ledger, fn: 'finishCheckpoint', args: [] }];
  const moves: FuzzStep[] = [];
  const ready: number[] = [];
  for (const ordinal of missing) {
    const record = fuzz.records[ordinal - 1]!;
    const call = fuzz.resolveCall(ordinal, record, block);
    if (call && !fuzz.resolved.has(ordinal))
      moves.push({ actor: KEEPER, to: ledger, fn: call.fn, args: call.args, resolves: ordinal });
    else ready.push(ordinal);
  }
  // Some of what is ready, and now and then what has been counted, or does not count.
  const batch = ready.filter(() => fuzz.quiet || random.below(3) > 0);
  if (!fuzz.quiet && random.below(4) === 0) batch.push(...[...open.values.keys()].filter(() => random.below(4) === 0));
  const step = batch.length > 0 ? proveStep(fuzz, batch, block) : undefined;
  if (step) moves.push(step, step);
  return moves;
}

function proveStep(fuzz: Fuzz, ordinals: readonly number[], block: ModelBlock): FuzzStep | undefined {
  const indexed = [...new Set(ordinals)]
    .map((ordinal) => [ordinal, fuzz.records[ordinal - 1]!.index] as const)
    .filter(([, index]) => index < block.balances.length)
    .sort(([, a], [, b]) => a - b);
  if (indexed.length === 0) return undefined;
  const { chunks, siblings } = fuzz.world.opening(
    indexed.map(([, index]) => index),
    block,
  );
  const batch = indexed.map(([ordinal]) => ordinal);
  return { actor: KEEPER, to: fuzz.pool.ledger, fn: 'proveBalances', args: [batch, chunks, siblings], ordinals: batch };
}
