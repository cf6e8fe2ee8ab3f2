import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Action, decide } from '../src/index.ts';
import { PoolModel, RULES } from './support/pool-model.ts';

const SEED = 20_261_121;
/** The long form looks at so many times as many histories. */
const MORE = process.env.HOLDFAST_DEEP === '1' ? 40 : 1;
const ETH = 1_000_000_000n;

/** What the world does to a pool in one slot. */
const eventArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'nothing' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('predeposit' as const), operator: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('deposit' as const), eth: fc.bigInt({ min: 1n, max: 90n }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('request' as const), eth: fc.bigInt({ min: 1n, max: 40n }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('slash' as const), ordinal: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fee' as const), wei: fc.bigInt({ min: 1n, max: 2_000n }) }) },
);
type WorldEvent = typeof eventArbitrary extends fc.Arbitrary<infer T> ? T : never;

function happen(model: PoolModel, event: WorldEvent, owed: { gwei: bigint }): void {
  if (event.kind === 'predeposit' && model.validators.length < 12) {
    const operator = model.operators.get(event.operator);
    if (!operator || operator.mayStake) model.predeposit(event.operator);
  }
  if (event.kind === 'deposit') {
    model.cashGwei += event.eth * ETH;
    owed.gwei += event.eth * ETH;
  }
  if (event.kind === 'request' && owed.gwei >= event.eth * ETH) {
    model.request(event.eth * ETH);
    owed.gwei -= event.eth * ETH;
  }
  if (event.kind === 'slash') model.slash(event.ordinal);
  if (event.kind === 'fee') model.feeWei = event.wei;
}

/** Slots of the world's doing, with many in which nothing happens, so that lives get long enough to be slashed. */
const historyArbitrary = fc.array(fc.tuple(eventArbitrary, fc.nat({ max: 12 })), { maxLength: 60, size: 'max' });

/** Actions that still want doing when nothing new happens; checkpoints in their turn go on for ever. */
function unfinished(model: PoolModel): string[] {
  const wrong = model.validators.flatMap(({ ordinal, status, operatorId }) => {
    const { mayStake, frozen } = model.operators.get(operatorId)!;
    if (status === 'predeposited' || status === 'exiting' || status === 'slashed') return [`${ordinal} ${status}`];
    const fundable = status === 'proven' && mayStake && model.cashGwei - model.queued() >= RULES.fundingGwei;
    return fundable || (status === 'funded' && frozen) ? [`${ordinal} ${status}`] : [];
  });
  const paid = model.finalizedId === model.requests.length;
  return paid ? wrong : [...wrong, `request ${model.finalizedId + 1} unpaid`];
}

test('every action lands, and when the world is quiet everything that can be done gets done', () => {
  fc.assert(
    fc.property(historyArbitrary, (history) => {
      const model = new PoolModel();
      const owed = { gwei: 0n };
      const act = () => {
        for (const action of decide(model.observe())) model.apply(action);
        model.advance();
      };
      for (const [event, quiet] of history) {
        happen(model, event, owed);
        for (let i = 0; i <= quiet; i++) act();
      }
      model.feeWei = 1n;
      for (let i = 0; i < 1_500 && unfinished(model).length > 0; i++) act();
      expect(unfinished(model)).toEqual([]);
    }),
    { seed: SEED, numRuns: 120 * MORE },
  );
}, 120_000);

test('actions that fail, get lost or land late hold up nothing for ever, and nothing is done twice', () => {
  fc.assert(
    fc.property(historyArbitrary, fc.infiniteStream(fc.nat({ max: 9 })), (history, luck) => {
      const model = new PoolModel();
      const owed = { gwei: 0n };
      /** Sent and not landed, and resting after a failure, each with the slot until which. */
      const inFlight = new Map<string, { until: number; action: Action }>();
      const resting = new Map<string, number>();
      const draw = () => luck.next().value ?? 0;
      const act = () => {
        for (const [key, { until, action }] of inFlight) {
          if (until > model.slot) continue;
          inFlight.delete(key);
          try {
            model.apply(action);
          } catch {
            resting.set(key, model.slot + 2); // It came too late: somebody else was first, or the moment has passed.
          }
        }
        for (const [key, until] of resting) if (until <= model.slot) resting.delete(key);
        const actions = decide(model.observe(new Set(inFlight.keys()), new Set(resting.keys())));
        expect(new Set(actions.map(({ key }) => key)).size).toBe(actions.length);
        for (const action of actions) {
          expect(inFlight.has(action.key) || resting.has(action.key)).toBe(false);
          const fate = draw();
          if (fate < 2) resting.set(action.key, model.slot + 1 + draw());
          else inFlight.set(action.key, { until: model.slot + (fate < 6 ? 0 : fate - 5), action });
        }
        model.advance();
      };
      for (const [event, quiet] of history) {
        happen(model, event, owed);
        for (let i = 0; i <= quiet; i++) act();
      }
      model.feeWei = 1n;
      for (let i = 0; i < 5_000 && unfinished(model).length > 0; i++) act();
      expect(unfinished(model)).toEqual([]);
    }),
    { seed: SEED, numRuns: 60 * MORE },
  );
}, 120_000);
