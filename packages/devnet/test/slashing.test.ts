import { afterEach, expect, test } from 'vitest';
import type { Devnet, EquivocationKind } from '../src/index.ts';
import { ETH, fakeDevnet, SLOTS_PER_EPOCH } from './devnet-kit.ts';

let devnet: Devnet;
afterEach(() => devnet?.close());

const validator = (index: number) => devnet.state.validators.getReadonly(index).toValue();
const slashed = () =>
  devnet.state.validators.getAllReadonlyValues().flatMap(({ slashed }, index) => (slashed ? [index] : []));

const cases: [EquivocationKind, boolean][] = [
  ['doubleVote', false],
  ['doubleVote', true],
  ['surroundVote', false],
  ['surroundVote', true],
  ['doubleProposal', false],
  ['doubleProposal', true],
];

test.each(cases)('%s (atOnce: %s) is seen, included and slashed', async (kind, atOnce) => {
  ({ devnet } = await fakeDevnet({ validators: 32 }));
  const heard: string[] = [];
  devnet.on(({ kind }) => heard.push(kind));
  await devnet.step(4 * SLOTS_PER_EPOCH);
  await devnet.inject({ kind, validators: [5], atOnce });
  expect(devnet.status().faults).toMatchObject([{ kind }]);
  await devnet.stepUntil(() => validator(5).slashed, atOnce ? 2 : 300);
  const blockWith = devnet.chain.head.block.message.body;
  const included = kind === 'doubleProposal' ? blockWith.proposerSlashings : blockWith.attesterSlashings;
  expect(included).toHaveLength(1);
  expect(slashed()).toEqual([5]);
  expect(heard).toContain(kind === 'doubleProposal' ? 'proposer_slashing' : 'attester_slashing');
  expect(devnet.status().faults).toEqual([]);
  // The rest goes on without it.
  await devnet.step(4 * SLOTS_PER_EPOCH);
  expect(slashed()).toEqual([5]);
  expect(devnet.epoch - devnet.status().finalizedEpoch).toBeLessThanOrEqual(3);
});

test('the correlation penalty grows with what was slashed together', async () => {
  const lossOf = async (guilty: number[]) => {
    ({ devnet } = await fakeDevnet({ validators: 64 }));
    await devnet.step(SLOTS_PER_EPOCH);
    await devnet.inject({ kind: 'doubleVote', validators: guilty, atOnce: true });
    await devnet.stepUntil(() => validator(guilty[0]!).slashed, 3);
    expect(slashed()).toEqual(guilty);
    const { withdrawableEpoch } = validator(guilty[0]!);
    const halfway = withdrawableEpoch - 32; // EPOCHS_PER_SLASHINGS_VECTOR / 2
    await devnet.stepUntil(() => devnet.epoch === halfway && devnet.slot % SLOTS_PER_EPOCH === 7, 400);
    const before = devnet.state.balances.get(guilty[0]!);
    await devnet.step();
    const loss = before - devnet.state.balances.get(guilty[0]!);
    await devnet.close();
    return loss / ETH;
  };
  // 32 ETH · 3 · slashed / active (those slashed are active no more), and an epoch of missed votes.
  expect(await lossOf([7])).toBeCloseTo((32 * 3 * 1) / 63, 2);
  expect(await lossOf([7, 8, 9, 10])).toBeCloseTo((32 * 3 * 4) / 60, 2);
}, 120_000);

test('many double voters at once need one slashing', async () => {
  ({ devnet } = await fakeDevnet());
  await devnet.step(2);
  const guilty = [1, 2, 3, 4, 5, 6];
  await devnet.inject({ kind: 'doubleVote', validators: guilty, atOnce: true });
  await devnet.step(2);
  expect(slashed()).toEqual(guilty);
});

test('a slashed proposer misses its slots', async () => {
  ({ devnet } = await fakeDevnet({ validators: 16 }));
  await devnet.step(2);
  await devnet.inject({ kind: 'doubleVote', validators: [1, 2, 3], atOnce: true });
  const results = await devnet.step(3 * SLOTS_PER_EPOCH);
  expect(results.some(({ missed }) => missed === 'slashed')).toBe(true);
});

test('a wrong fee recipient is paid while the fault lasts', async () => {
  const kit = await fakeDevnet({ validators: 16, feeRecipient: `0x${'0f'.repeat(20)}` });
  devnet = kit.devnet;
  const everybody = [...Array(16).keys()];
  await devnet.inject({ kind: 'wrongFeeRecipient', validators: everybody, forSlots: 2 });
  await devnet.step(3);
  const recipients = kit.execution.sealed.map(({ feeRecipient }) => feeRecipient);
  expect(recipients[0]).toBe('0x000000000000000000000000000000000000dead');
  expect(recipients[1]).toBe(recipients[0]);
  expect(recipients[2]).toBe(`0x${'0f'.repeat(20)}`);
});

test('a fault for a validator that is not there is refused', async () => {
  ({ devnet } = await fakeDevnet({ validators: 16 }));
  await expect(devnet.inject({ kind: 'offline', validators: [16] })).rejects.toMatchObject({
    code: 'DEVNET_VALIDATOR_UNKNOWN',
  });
  await expect(devnet.inject({ kind: 'offline', validators: ['0x12'] })).rejects.toThrow('wrong length');
});
