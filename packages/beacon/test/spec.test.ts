import { FAR_FUTURE_EPOCH, fromHex, type Root } from '@holdfast/units';
import { EPOCHS_PER_SLASHINGS_VECTOR, ForkSeq } from '@lodestar/params';
import {
  type CachedBeaconStateElectra,
  type CachedBeaconStateFulu,
  getExpectedWithdrawals,
  getGloasChurnLimits,
  getConsolidationChurnLimit as realConsolidationLimit,
  computeExitEpochAndUpdateChurn as realExit,
  getActivationExitChurnLimit as realExitLimit,
  isPartiallyWithdrawableValidator as realPartially,
} from '@lodestar/state-transition';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  computeActivationExitEpoch,
  computeEpochAtSlot,
  computeExitEpochAndUpdateChurn,
  computeSlotAtTimestamp,
  computeStartSlotAtEpoch,
  computeTimestampAtSlot,
  computeWithdrawableEpoch,
  getBaseReward,
  getChurnLimits,
  getChurnLimitsGloas,
  getCorrelationPenalty,
  getExpectedSlashingLoss,
  getFlagReward,
  getInactivityPenalty,
  getInitialSlashingPenalty,
  getMaxEffectiveBalance,
  getMissedAttestationPenalty,
  getSlashedWithdrawableEpoch,
  getSlashingLossBound,
  integerSquareroot,
  isActiveValidator,
  isFullyWithdrawableValidator,
  isPartiallyWithdrawableValidator,
  isSlashableValidator,
  LoadedState,
  nextInactivityScore,
  validatorFields,
} from '../src/index.ts';
import { balancesOf, doubleVote, nextEpoch, transitionState } from './transition.ts';

// Fulu's state is Electra's and one field more; the library's types do not say so.
const asElectra = (state: CachedBeaconStateFulu) => state as unknown as CachedBeaconStateElectra;
const ETH = 1_000_000_000n;
const seed = 97;
const total = (state: CachedBeaconStateFulu): bigint => BigInt(state.epochCtx.totalActiveBalanceIncrements) * ETH;
const effective = (state: CachedBeaconStateFulu, index: number): bigint =>
  BigInt(state.validators.get(index).effectiveBalance);
const mixed = Array.from({ length: 64 }, (_, i) => (i % 4 === 0 ? 2048 : 32 + i));

describe('time', () => {
  it('converts slots, epochs and seconds both ways', () => {
    const config = { SECONDS_PER_SLOT: 12 };
    expect([computeEpochAtSlot(17), computeStartSlotAtEpoch(2)]).toEqual([2, 16]);
    expect(computeActivationExitEpoch(10)).toBe(15);
    expect(computeTimestampAtSlot(1000, 5, config)).toBe(1060);
    for (const t of [1060, 1071]) expect(computeSlotAtTimestamp(1000, t, config)).toBe(5);
    expect(computeSlotAtTimestamp(1000, 999, config)).toBe(-1);
  });
});

describe('rewards and penalties equal the state transition to the gwei', () => {
  it('for full participation', () => {
    const before = transitionState({ balancesEth: mixed });
    const after = nextEpoch(before.clone());
    const T = total(before);
    balancesOf(after).forEach((balance, i) => {
      const reward = (['source', 'target', 'head'] as const)
        .map((flag) => getFlagReward(flag, effective(before, i), T, T))
        .reduce((a, b) => a + b);
      expect(balance - balancesOf(before)[i]!).toBe(reward);
    });
  });

  it('for partial participation, some of it only in part timely', () => {
    const before = transitionState({ balancesEth: mixed });
    const flags = (i: number) => [0b111, 0b000, 0b001, 0b011, 0b111, 0b111][i % 6]!;
    const after = nextEpoch(before.clone(), { flags });
    const T = total(before);
    const indices = mixed.map((_, i) => i);
    const participating = (bit: number) =>
      indices.filter((i) => flags(i) & bit).reduce((sum, i) => sum + effective(before, i), 0n);
    for (const i of indices) {
      const e = effective(before, i);
      let expected = 0n;
      (['source', 'target', 'head'] as const).forEach((flag, bit) => {
        if (flags(i) & (1 << bit)) expected += getFlagReward(flag, e, participating(1 << bit), T);
      });
      const base = getBaseReward(e, T);
      if (!(flags(i) & 1)) expected -= (base * 14n) / 64n;
      if (!(flags(i) & 2)) expected -= (base * 26n) / 64n;
      expect(balancesOf(after)[i]! - balancesOf(before)[i]!).toBe(expected);
    }
  });

  it('through an inactivity leak, scores included', () => {
    let state = transitionState({ balancesEth: mixed });
    const offline = (i: number) => i % 3 === 0;
    const scores = mixed.map(() => 0n);
    for (let epoch = 0; epoch < 12; epoch += 1) {
      const before = balancesOf(state);
      const T = total(state);
      const effectives = mixed.map((_, i) => effective(state, i));
      // The transition weighs finality as of the epoch before the one that ends.
      const leak = state.epochCtx.epoch - 1 - state.finalizedCheckpoint.epoch > 4;
      const at = state.config;
      state = nextEpoch(state, { flags: (i) => (offline(i) ? 0 : 0b111), finality: false });
      const participating = effectives.filter((_, i) => !offline(i)).reduce((a, b) => a + b);
      mixed.forEach((_, i) => {
        scores[i] = nextInactivityScore(scores[i]!, !offline(i), leak, at);
        const e = effectives[i]!;
        const gain = leak
          ? 0n
          : (['source', 'target', 'head'] as const).reduce((s, f) => s + getFlagReward(f, e, participating, T), 0n);
        const delta = offline(i) ? -getMissedAttestationPenalty(e, T) - getInactivityPenalty(e, scores[i]!, at) : gain;
        expect(balancesOf(state)[i]! - before[i]!).toBe(delta);
      });
      expect(state.inactivityScores.getAll().map(BigInt)).toEqual(scores);
    }
    expect(scores.some((score) => score > 16n)).toBe(true);
  });

  it('for any stake: integer_squareroot is the floor of the root', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n), (n) => {
        const x = integerSquareroot(n);
        expect(x * x <= n && (x + 1n) * (x + 1n) > n).toBe(true);
      }),
      { seed },
    );
  });
});

describe('slashing equals the state transition to the gwei', () => {
  const cases = [
    { name: 'one of 32 ETH', slashed: [5], balances: mixed },
    { name: 'one of 2048 ETH', slashed: [4], balances: mixed },
    { name: 'several, mixed', slashed: [1, 4, 5, 8, 20], balances: mixed },
    {
      name: 'more than a third: everything is lost',
      slashed: Array.from({ length: 30 }, (_, i) => i),
      balances: mixed.map(() => 64),
    },
  ];

  it.each(cases)('$name, from the double vote until withdrawable', ({ slashed, balances }) => {
    let state = transitionState({ balancesEth: balances });
    const start = balancesOf(state);
    const epoch = state.epochCtx.epoch;
    doubleVote(state, slashed);
    const proposer = state.epochCtx.getBeaconProposer(state.slot);
    const totalSlashed = slashed.reduce((sum, i) => sum + effective(state, i), 0n);
    for (const i of slashed) {
      expect(state.validators.get(i).slashed).toBe(true);
      expect(state.validators.get(i).withdrawableEpoch).toBe(
        getSlashedWithdrawableEpoch(epoch, computeWithdrawableEpoch(state.validators.get(i).exitEpoch, state.config)),
      );
      if (i !== proposer) {
        expect(start[i]! - balancesOf(state)[i]!).toBe(getInitialSlashingPenalty(effective(state, i)));
      }
    }
    const victim = slashed.find((i) => i !== proposer)!;
    const withdrawable = state.validators.get(victim).withdrawableEpoch;
    let seen = 0n;
    while (state.epochCtx.epoch < withdrawable) {
      const e = effective(state, victim);
      const T = total(state);
      const current = state.epochCtx.epoch;
      const before = balancesOf(state)[victim]!;
      state = nextEpoch(state);
      const attestation = getMissedAttestationPenalty(e, T);
      const correlates = current + EPOCHS_PER_SLASHINGS_VECTOR / 2 === withdrawable;
      const penalty = attestation + (correlates ? getCorrelationPenalty(e, totalSlashed, T) : 0n);
      const lost = before - balancesOf(state)[victim]!;
      expect(lost).toBe(penalty < before ? penalty : before);
      if (correlates) seen = lost - attestation;
    }
    expect(seen > 0n).toBe(true);
    // Once withdrawable nothing more is taken.
    const settled = balancesOf(state)[victim]!;
    state = nextEpoch(state);
    expect(balancesOf(state)[victim]).toBe(settled);
  });

  it('the expected loss is exact when the active stake stays the same, and the bound is above it', () => {
    // The slashed one is so small a part that rewards of the others never lift them an increment: T changes only once, at its exit.
    const balances = mixed.map(() => 2048);
    balances[7] = 32;
    let state = transitionState({ balancesEth: balances });
    const T0 = total(state);
    doubleVote(state, [7]);
    const proposer = state.epochCtx.getBeaconProposer(state.slot);
    expect(proposer).not.toBe(7);
    const start = 32n * ETH;
    const validator = {
      balance: start,
      effectiveBalance: start,
      maxEffectiveBalance: 2048n * ETH,
      slashedEpoch: state.epochCtx.epoch,
      withdrawableEpoch: state.validators.get(7).withdrawableEpoch,
    };
    const { exitEpoch } = state.validators.get(7);
    while (state.epochCtx.epoch < validator.withdrawableEpoch) state = nextEpoch(state);
    const actual = start - balancesOf(state)[7]!;
    const T1 = T0 - start;
    const withT0 = getExpectedSlashingLoss(validator, { totalActiveBalance: T0, totalSlashed: start });
    const withT1 = getExpectedSlashingLoss(validator, { totalActiveBalance: T1, totalSlashed: start });
    // Until its exit T counts its own stake, afterwards not: attestation penalties in between are of either total.
    const per = (T: bigint) => getMissedAttestationPenalty(start, T);
    const epochsAtT0 = BigInt(exitEpoch - validator.slashedEpoch);
    const epochsAtT1 = BigInt(validator.withdrawableEpoch - exitEpoch);
    expect(per(T0) * (epochsAtT0 + epochsAtT1)).toBe(withT0.attestation);
    expect(actual).toBe(withT0.initial + per(T0) * epochsAtT0 + per(T1) * epochsAtT1 + withT1.correlation);
    expect(getSlashingLossBound(validator, { totalActiveBalance: T1, totalSlashed: start }).total >= actual).toBe(true);
  });

  it('the bound is never below the expected loss, nor above the balance', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 2048n),
        fc.bigInt(0n, 249_999_999n),
        fc.bigInt(0n, 2_000_000n),
        fc.bigInt(33_000_000n, 40_000_000n),
        (eth, extra, slashedEth, totalEth) => {
          const validator = {
            balance: eth * ETH + extra,
            effectiveBalance: eth * ETH,
            maxEffectiveBalance: 2048n * ETH,
            slashedEpoch: 100,
            withdrawableEpoch: 100 + EPOCHS_PER_SLASHINGS_VECTOR,
          };
          const network = { totalActiveBalance: totalEth * ETH, totalSlashed: (slashedEth + eth) * ETH };
          const loss = getExpectedSlashingLoss(validator, network);
          const bound = getSlashingLossBound(validator, network);
          expect(loss.total).toBe(loss.initial + loss.correlation + loss.attestation);
          expect(bound.total >= loss.total).toBe(true);
          expect(bound.total <= validator.balance).toBe(true);
        },
      ),
      { seed },
    );
  });

  it('the correlation penalty is the same for a stake however it is split (EIP-7251)', () => {
    const whole = getCorrelationPenalty(2048n * ETH, 12_345n * ETH, 34_567_890n * ETH);
    expect(getCorrelationPenalty(32n * ETH, 12_345n * ETH, 34_567_890n * ETH) * 64n).toBe(whole);
  });
});

describe('churn equals the state transition', () => {
  it('for limits of any stake', () => {
    const { config } = transitionState({ balancesEth: mixed });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000_000 }), (increments) => {
        const epochCtx = { config, totalActiveBalanceIncrements: increments } as never;
        const T = BigInt(increments) * ETH;
        const limits = getChurnLimits(T, config);
        expect(limits.exit).toBe(BigInt(realExitLimit(epochCtx)));
        expect(limits.consolidation).toBe(BigInt(realConsolidationLimit(ForkSeq.fulu, epochCtx)));
        const gloas = getGloasChurnLimits(config, increments);
        expect(getChurnLimitsGloas(T, config)).toEqual({
          exit: BigInt(gloas.exit),
          activation: BigInt(gloas.activation),
          consolidation: BigInt(gloas.consolidation),
        });
      }),
      { seed },
    );
  });

  it('for any sequence of exits', () => {
    const state = transitionState({ balancesEth: mixed });
    const { exit } = getChurnLimits(total(state), state.config);
    let queue = {
      earliestExitEpoch: state.earliestExitEpoch,
      exitBalanceToConsume: BigInt(state.exitBalanceToConsume),
    };
    fc.assert(
      fc.property(fc.bigInt(1n, 5000n), (eth) => {
        const epoch = realExit(asElectra(state), eth * ETH);
        queue = computeExitEpochAndUpdateChurn(queue, eth * ETH, state.epochCtx.epoch, exit);
        expect(queue.earliestExitEpoch).toBe(epoch);
        expect(queue.exitBalanceToConsume).toBe(BigInt(state.exitBalanceToConsume));
      }),
      { seed, endOnFailure: true },
    );
  });
});

describe('withdrawability', () => {
  const credentials = (prefix: string) => `0x${prefix}${'00'.repeat(11)}${'ab'.repeat(20)}` as Root;

  it('equals the state transition for partial withdrawals', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('00', '01', '02', '03'),
        fc.constantFrom(31, 32, 33, 2047, 2048),
        fc.integer({ min: 0, max: 2100 }),
        (prefix, effectiveEth, balanceEth) => {
          const ours = { withdrawalCredentials: credentials(prefix), effectiveBalance: BigInt(effectiveEth) * ETH };
          const theirs = {
            withdrawalCredentials: fromHex(credentials(prefix)),
            effectiveBalance: effectiveEth * 1e9,
          };
          expect(isPartiallyWithdrawableValidator(ours, BigInt(balanceEth) * ETH)).toBe(
            realPartially(ForkSeq.fulu, theirs as never, balanceEth * 1e9),
          );
        },
      ),
      { seed },
    );
  });

  it('agrees with what the sweep of a real state takes', () => {
    const state = transitionState({ balancesEth: mixed.slice(0, 16) });
    const set = (i: number, change: Record<string, number>) => Object.assign(state.validators.get(i), change);
    set(1, { exitEpoch: 3, withdrawableEpoch: 20 });
    set(2, { exitEpoch: 3, withdrawableEpoch: 21 });
    set(3, { exitEpoch: 3, withdrawableEpoch: 10 });
    state.balances.set(3, 0);
    state.balances.set(4, 2048e9 + 5);
    state.commit();
    const loaded = new LoadedState('fulu', state);
    const swept = new Map(
      getExpectedWithdrawals(ForkSeq.fulu, asElectra(state)).expectedWithdrawals.map((w) => [
        w.validatorIndex,
        w.amount,
      ]),
    );
    for (let i = 0; i < 16; i += 1) {
      const fields = validatorFields(loaded, i);
      const balance = loaded.balance(i);
      const full = isFullyWithdrawableValidator(fields, balance, 20);
      const partial = isPartiallyWithdrawableValidator(fields, balance);
      const amount = full
        ? balance
        : partial
          ? balance - getMaxEffectiveBalance(fields.withdrawalCredentials)
          : undefined;
      expect(swept.get(i)).toBe(amount);
    }
    expect([...swept.keys()].sort()).toEqual([1, 4]);
  });

  it('knows who is active and slashable', () => {
    const validator = {
      slashed: false,
      activationEpoch: 5n,
      exitEpoch: FAR_FUTURE_EPOCH,
      withdrawableEpoch: FAR_FUTURE_EPOCH,
    };
    expect([4, 5, 6].map((e) => isActiveValidator(validator, e))).toEqual([false, true, true]);
    expect(isActiveValidator({ ...validator, exitEpoch: 6n }, 6)).toBe(false);
    expect(isSlashableValidator({ ...validator, withdrawableEpoch: 9n }, 8)).toBe(true);
    expect(isSlashableValidator({ ...validator, withdrawableEpoch: 9n }, 9)).toBe(false);
    expect(isSlashableValidator({ ...validator, slashed: true }, 8)).toBe(false);
  });
});
