import { type Pubkey, toHex } from '@holdfast/units';
import { afterEach, expect, test } from 'vitest';
import type { Devnet, EquivocationKind } from '../src/index.ts';
import { fakeDevnet, SLOTS_PER_EPOCH } from './devnet-kit.ts';
import type { FakeExecution } from './fake-execution.ts';
import { TestValidatorClient } from './validator-client.ts';

// A client does its validators' duties and nothing wrong; what slashes one of them is a copy of the key elsewhere.
const VALIDATORS = 16;
const CLIENTS = [4, 5, 6, 7, 8, 9];
const VICTIM = 5;
const THIEF = '0x000000000000000000000000000000000000dead';

let devnet: Devnet;
let execution: FakeExecution;
let url: string;
let vc: TestValidatorClient;
/** Every signature under a vote or a block that the client gave out. */
let byClient: Set<string>;
afterEach(() => devnet?.close());

async function start(): Promise<void> {
  ({ devnet, execution } = await fakeDevnet({ validators: VALIDATORS, external: CLIENTS }));
  ({ url } = await devnet.listen());
  vc = new TestValidatorClient(url, devnet.config, CLIENTS);
  byClient = new Set();
  const [vote, signBlock] = [vc.vote.bind(vc), vc.signBlock.bind(vc)];
  vc.vote = (...args) => {
    const signed = vote(...args);
    byClient.add(toHex(signed.signature));
    return signed;
  };
  vc.signBlock = (...args) => {
    const signature = signBlock(...args);
    byClient.add(toHex(signature));
    return signature;
  };
}

async function slot(): Promise<void> {
  await devnet.stepPhase();
  // A slashed validator proposes nothing.
  await vc.propose(devnet.slot).catch(() => false);
  await devnet.stepPhase();
  await vc.attest(devnet.slot);
  await devnet.stepPhase();
}

async function slots(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await slot();
}

async function until(reached: () => boolean, slotsMax: number): Promise<void> {
  for (let i = 0; !reached(); i++) {
    if (i === slotsMax) throw new Error(`not in ${slotsMax} slots`);
    await slot();
  }
}

const slashed = () =>
  devnet.state.validators.getAllReadonlyValues().flatMap((validator, index) => (validator.slashed ? [index] : []));

/** The signatures of the evidence in the chain. */
function evidence(): string[] {
  const bodies = devnet.chain.store.blocks().map(({ block }) => block.message.body);
  return [
    ...bodies
      .flatMap(({ attesterSlashings }) => attesterSlashings)
      .flatMap(({ attestation1, attestation2 }) => [attestation1, attestation2]),
    ...bodies
      .flatMap(({ proposerSlashings }) => proposerSlashings)
      .flatMap(({ signedHeader1, signedHeader2 }) => [signedHeader1, signedHeader2]),
  ].map(({ signature }) => toHex(signature));
}

const cases: [EquivocationKind, boolean][] = [
  ['doubleVote', false],
  ['doubleVote', true],
  ['surroundVote', false],
  ['surroundVote', true],
  ['doubleProposal', false],
  ['doubleProposal', true],
];

test.each(cases)(
  '%s (atOnce: %s) by a copy contradicts what the client signed, and slashes it',
  async (kind, atOnce) => {
    await start();
    await slots(3 * SLOTS_PER_EPOCH);
    const proposed = () => devnet.chain.store.blocks().some(({ header }) => header.message.proposerIndex === VICTIM);
    if (kind === 'doubleProposal' && atOnce) await until(proposed, 200);
    // Without the fault there is nothing.
    expect([slashed(), evidence()]).toEqual([[], []]);
    await devnet.inject({ kind, validators: [VICTIM], atOnce });
    expect(devnet.status().faults).toMatchObject([{ kind }]);
    await until(() => slashed().length > 0, atOnce ? 3 : 300);
    expect(slashed()).toEqual([VICTIM]);
    const signatures = evidence();
    expect(signatures).toHaveLength(2);
    // One of the two is the client's own, and honest; the other it never signed.
    expect(signatures.filter((signature) => byClient.has(signature))).toHaveLength(1);
    expect(devnet.status().faults).toEqual([]);
    await slots(SLOTS_PER_EPOCH);
    expect(slashed()).toEqual([VICTIM]);
  },
);

test.each(['doubleVote', 'doubleProposal'] as const)(
  '%s by a copy of a key that nobody used yet contradicts itself',
  async (kind) => {
    await start();
    await devnet.step();
    await devnet.inject({ kind, validators: [VICTIM], atOnce: true });
    await devnet.step(2);
    expect(slashed()).toEqual([VICTIM]);
    expect(byClient.size).toBe(0);
  },
);

test('what a copy cannot do is refused, and what a client makes of the rest is said', async () => {
  await start();
  await expect(devnet.inject({ kind: 'offline', validators: [1, VICTIM] })).rejects.toMatchObject({
    code: 'DEVNET_EXTERNAL',
  });
  const stranger = `0x${'ab'.repeat(48)}` as Pubkey;
  await devnet.handOver([stranger]);
  await expect(devnet.inject({ kind: 'doubleVote', validators: [stranger] })).rejects.toMatchObject({
    code: 'DEVNET_KEY_UNKNOWN',
  });
  expect(devnet.status().faults).toEqual([]);
  const post = async (body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/holdfast/v1/faults`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as { data?: unknown; note?: string; message?: string };
  };
  expect((await post({ kind: 'offline', validators: [VICTIM] })).message).toContain('the devnet cannot stop it');
  expect((await post({ kind: 'online', validators: [VICTIM] })).note).toBeUndefined();
  expect((await post({ kind: 'doubleVote', validators: [VICTIM] })).note).toContain('a copy of the key');
  expect((await post({ kind: 'doubleVote', validators: [1] })).note).toBeUndefined();
  expect((await post({ kind: 'wrongFeeRecipient', validators: CLIENTS })).note).toContain('pay elsewhere');
});

test('under wrongFeeRecipient a client is offered a block that pays the thief', async () => {
  await start();
  await devnet.inject({ kind: 'wrongFeeRecipient', validators: CLIENTS });
  await until(() => execution.sealed.some(({ feeRecipient }) => feeRecipient === THIEF), 100);
});
