import { type Hex, toHex } from '@holdfast/units';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { publicKeyOf, sign } from '../src/bls/bls.ts';
import { depositDataRoot, depositMessageRoot, depositSigningRoot } from '../src/lock/deposit.ts';
import { checkDeposit, type DepositTerms } from '../src/lock/deposit-check.ts';
import { DepositError } from '../src/lock/errors.ts';

const secret = new Uint8Array(32).fill(7);
const pubkey = publicKeyOf(secret);
const VAULT = 'aa'.repeat(20);
const terms: DepositTerms = {
  withdrawalCredentials: `0x02${'00'.repeat(11)}${VAULT}`,
  amount: 1_000_000_000n,
  genesisForkVersion: '0x10000910',
};

/** An entry as the deposit tools write it, signed for these terms. */
function entryFor({ withdrawalCredentials, amount, genesisForkVersion }: DepositTerms) {
  const message = { pubkey, withdrawalCredentials, amount };
  const signature = toHex(sign(secret, depositSigningRoot(message, genesisForkVersion)));
  return {
    pubkey: pubkey.slice(2),
    withdrawal_credentials: withdrawalCredentials.slice(2),
    amount: Number(amount),
    signature: signature.slice(2),
    deposit_message_root: depositMessageRoot(message).slice(2),
    deposit_data_root: depositDataRoot(message, signature).slice(2),
    fork_version: genesisForkVersion.slice(2),
    network_name: 'hoodi',
    deposit_cli_version: '2.7.0',
  };
}
const good = entryFor(terms);
const fieldOf = (entry: unknown): string | null => {
  try {
    checkDeposit(entry, terms);
    return null;
  } catch (error) {
    if (error instanceof DepositError) return error.field;
    throw error;
  }
};

test('a deposit for the terms is taken, however its hex is written; what says nothing of it may be missing', () => {
  const taken = { pubkey, signature: `0x${good.signature}`, depositDataRoot: `0x${good.deposit_data_root}` };
  expect(checkDeposit(good, terms)).toEqual(taken);
  const shouted = { ...good, pubkey: `0x${good.pubkey.toUpperCase()}`, signature: `0x${good.signature.toUpperCase()}` };
  expect(checkDeposit(shouted, terms)).toEqual(taken);
  const { fork_version: _, deposit_message_root: __, network_name: ___, ...bare } = good;
  expect(checkDeposit(bare, terms)).toEqual(taken);
});

test('a whole deposit for other terms is refused by the term', () => {
  const thief = { ...terms, withdrawalCredentials: `0x02${'00'.repeat(11)}${'ee'.repeat(20)}` as Hex };
  expect(fieldOf(entryFor(thief))).toBe('withdrawal_credentials');
  expect(fieldOf(entryFor({ ...terms, amount: 32_000_000_000n }))).toBe('amount');
  expect(fieldOf(entryFor({ ...terms, genesisForkVersion: '0x00000000' }))).toBe('fork_version');
  // The file's word for the chain is not needed, and does not help.
  expect(fieldOf({ ...entryFor({ ...terms, genesisForkVersion: '0x00000000' }), fork_version: '10000910' })).toBe(
    'signature',
  );
});

test('a signature by nobody, of another key or over another deposit is refused, though the roots fit', () => {
  const infinity = `c0${'00'.repeat(95)}`;
  const others = toHex(
    sign(new Uint8Array(32).fill(9), depositSigningRoot({ ...terms, pubkey }, terms.genesisForkVersion)),
  );
  const message = { pubkey, withdrawalCredentials: terms.withdrawalCredentials, amount: terms.amount };
  for (const signature of [infinity, others.slice(2), entryFor({ ...terms, amount: 2n }).signature]) {
    const root = depositDataRoot(message, `0x${signature}`).slice(2);
    expect(fieldOf({ ...good, signature, deposit_data_root: root })).toBe('signature');
  }
});

test('any digit changed in any field is noticed', () => {
  const fields = [
    'pubkey',
    'withdrawal_credentials',
    'signature',
    'deposit_message_root',
    'deposit_data_root',
    'fork_version',
  ] as const;
  const seed = 20_261_121;
  console.log(`deposit-check: seed ${seed}`);
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.nat(), fc.constantFrom(...'0123456789abcdef'), (field, at, digit) => {
      const text = good[field];
      const place = at % text.length;
      if (text[place] === digit) return;
      const changed = { ...good, [field]: `${text.slice(0, place)}${digit}${text.slice(place + 1)}` };
      // Another key makes the signature wrong, not the key.
      expect(fieldOf(changed)).toBe(field === 'pubkey' ? 'signature' : field);
    }),
    { seed, numRuns: 60 },
  );
});

test('what is no entry at all is refused by its first missing field', () => {
  for (const junk of [null, 1, 'x', [], {}, { pubkey: 7 }, { pubkey: good.pubkey.slice(2) }])
    expect(fieldOf(junk)).toBe('pubkey');
  expect(fieldOf({ ...good, withdrawal_credentials: undefined })).toBe('withdrawal_credentials');
  expect(fieldOf({ ...good, amount: '1000000000' })).toBe('amount');
  expect(fieldOf({ ...good, deposit_data_root: 'zz' })).toBe('deposit_data_root');
});
