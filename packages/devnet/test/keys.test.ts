import { aggregateSignatures, aggregateVerify, PublicKey, SecretKey, Signature } from '@chainsafe/blst';
import { fromHex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import { expect, test } from 'vitest';
import { ValidatorKeys } from '../src/consensus/keys.ts';
import { makeDepositData, withdrawalCredentials } from '../src/index.ts';
import { secretKey } from './devnet-kit.ts';

const message = new Uint8Array(32).fill(7);

test('one signature by the sum of the keys is the aggregate of their signatures', () => {
  const keys = new ValidatorKeys();
  const seeds = [1, 2, 3, 4, 5];
  const pubkeys = seeds.map((seed) => keys.add(secretKey(seed)));
  // As in a sync committee, one of them twice.
  const signers = [...seeds, 3].map((seed) => SecretKey.fromHex(secretKey(seed)).sign(message));
  const aggregate = keys.signAggregate([...pubkeys, pubkeys[2]!], message);
  expect(Buffer.from(aggregate)).toEqual(Buffer.from(aggregateSignatures(signers).toBytes()));
  const largest = (0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n - 1n).toString(16);
  const overflow = [keys.add(`0x${largest}`), ...pubkeys];
  const expected = aggregateSignatures(
    [SecretKey.fromHex(largest), ...seeds.map((s) => SecretKey.fromHex(secretKey(s)))].map((key) => key.sign(message)),
  );
  expect(Buffer.from(keys.signAggregate(overflow, message))).toEqual(Buffer.from(expected.toBytes()));
});

test('an unknown key is named, a bad one is not', () => {
  const keys = new ValidatorKeys();
  expect(() => keys.sign('0x1234', message)).toThrow('0x1234');
  const bad = `0x${'fe'.repeat(32)}` as const;
  expect(() => keys.add(bad)).toThrow(expect.objectContaining({ code: 'DEVNET_BAD_KEY' }));
  expect(() => keys.add(bad)).not.toThrow('fefe');
});

test('deposit data is signed for the chain and committed to by its root', () => {
  const credentials = withdrawalCredentials('0x02', `0x${'ab'.repeat(20)}`);
  expect(credentials).toBe(`0x02${'00'.repeat(11)}${'ab'.repeat(20)}`);
  const data = makeDepositData({ secretKey: secretKey(1), withdrawalCredentials: credentials, amount: 10n ** 9n });
  const value = {
    pubkey: fromHex(data.pubkey),
    withdrawalCredentials: fromHex(data.withdrawalCredentials),
    amount: Number(data.amount),
    signature: fromHex(data.signature),
  };
  expect(`0x${Buffer.from(ssz.phase0.DepositData.hashTreeRoot(value)).toString('hex')}`).toBe(data.depositDataRoot);
  // compute_domain(DOMAIN_DEPOSIT, 0x00000001, zero root), written out.
  const forkDataRoot = ssz.phase0.ForkData.hashTreeRoot({
    currentVersion: fromHex('0x00000001'),
    genesisValidatorsRoot: new Uint8Array(32),
  });
  const domain = new Uint8Array([3, 0, 0, 0, ...forkDataRoot.slice(0, 28)]);
  const objectRoot = ssz.phase0.DepositMessage.hashTreeRoot(value);
  const signingRoot = ssz.phase0.SigningData.hashTreeRoot({ objectRoot, domain });
  const key = PublicKey.fromBytes(value.pubkey);
  expect(aggregateVerify([signingRoot], [key], Signature.fromBytes(value.signature))).toBe(true);
});

test.each([0n, -1n, 2n ** 64n])('a deposit of %d gwei is refused', (amount) => {
  const credentials = withdrawalCredentials('0x01', `0x${'ab'.repeat(20)}`);
  expect(() => makeDepositData({ secretKey: secretKey(1), withdrawalCredentials: credentials, amount })).toThrow(
    expect.objectContaining({ code: 'DEVNET_BAD_DEPOSIT' }),
  );
});
