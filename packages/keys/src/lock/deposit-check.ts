/** Reads deposit files, of whatever tool, and believes nothing in them: roots are computed anew, signatures verified. */
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { verifySignature } from '../bls/bls.ts';
import {
  type DepositFileEntry,
  type DepositMessage,
  depositDataRoot,
  depositMessageRoot,
  depositSigningRoot,
} from './deposit.ts';
import { DepositError } from './errors.ts';

/** What a deposit must be. */
export interface DepositTerms {
  /** 32 bytes. */
  readonly withdrawalCredentials: Hex;
  /** Gwei. */
  readonly amount: bigint;
  /** Of the chain that it is for. */
  readonly genesisForkVersion: Hex;
}

/** A deposit that the chain will take: the arguments of the deposit contract that are not terms. */
export interface CheckedDeposit {
  readonly pubkey: Pubkey;
  readonly signature: Hex;
  readonly depositDataRoot: Root;
}

/**
 * An entry of a deposit file, held to the terms. A deposit whose signature does not hold is paid for and never becomes a
 * validator, and one with other credentials is somebody else's: neither the deposit contract nor the file says so.
 *
 * @param value the entry as JSON has it; hex with `0x` or without
 * @throws DepositError naming the field that is not as it must be
 */
export function checkDeposit(value: unknown, terms: DepositTerms): CheckedDeposit {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const pubkey = hexField(entry, 'pubkey', 48) as Pubkey;
  const refuse = (field: keyof DepositFileEntry, why: string, data: Readonly<Record<string, unknown>> = {}): never => {
    throw new DepositError(field, why, { data: { pubkey, ...data } });
  };
  const is = (field: keyof DepositFileEntry, given: unknown, expected: unknown, why: string): void => {
    if (given !== expected) refuse(field, why, { given, expected });
  };
  const { withdrawalCredentials, amount, genesisForkVersion } = terms;
  const credentials = hexField(entry, 'withdrawal_credentials', 32);
  is('withdrawal_credentials', credentials, withdrawalCredentials.toLowerCase(), 'withdraws to somebody else');
  is('amount', entry.amount, Number(amount), 'is another amount than is to be deposited');
  if (entry.fork_version !== undefined) {
    const version = hexField(entry, 'fork_version', 4);
    is('fork_version', version, genesisForkVersion.toLowerCase(), 'is of another chain');
  }
  const message: DepositMessage = { pubkey, withdrawalCredentials: credentials, amount };
  const signature = hexField(entry, 'signature', 96);
  const held = verifySignature(pubkey, depositSigningRoot(message, genesisForkVersion), fromHex(signature, 96));
  if (!held) refuse('signature', 'is not by this key over this deposit on this chain');
  if (entry.deposit_message_root !== undefined) {
    const root = hexField(entry, 'deposit_message_root', 32);
    is('deposit_message_root', root, depositMessageRoot(message), 'is not that of the deposit');
  }
  const root = depositDataRoot(message, signature);
  is('deposit_data_root', hexField(entry, 'deposit_data_root', 32), root, 'is not that of the deposit');
  return { pubkey, signature, depositDataRoot: root };
}

/** @throws DepositError */
function hexField(entry: Readonly<Record<string, unknown>>, field: keyof DepositFileEntry, bytes: number): Hex {
  const text = entry[field];
  const digits = typeof text === 'string' ? text.replace(/^0x/, '') : '';
  if (new RegExp(`^[0-9a-fA-F]{${2 * bytes}}$`).test(digits)) return toHex(fromHex(`0x${digits}`, bytes));
  throw new DepositError(field, `is not ${bytes} bytes of hex`);
}
