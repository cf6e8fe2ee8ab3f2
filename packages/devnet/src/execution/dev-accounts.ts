import { type Hex, parseEth, toHex, type Wei } from '@holdfast/units';
import { mnemonicToAccount } from 'viem/accounts';
import { BadExecutionDataError } from './errors.ts';

/** Known to everybody, used by every Ethereum tool's tests. Warning: real money sent to these accounts is stolen at once. */
export const DEV_MNEMONIC = 'test test test test test test test test test test test junk';
export const DEV_ACCOUNT_COUNT = 20;
/** What each dev account owns at genesis unless the caller says otherwise. */
export const DEV_BALANCE: Wei = parseEth('100000');

/** An account of the genesis block. With its key the devnet also signs `eth_sendTransaction` for it. */
export interface GenesisAccount {
  readonly address: Hex;
  readonly balance: bigint;
  readonly privateKey?: Hex;
}

export interface DevAccount extends GenesisAccount {
  readonly privateKey: Hex;
}

const derived = new Map<string, DevAccount>();

/**
 * The first `count` accounts of a mnemonic (BIP-44 `m/44'/60'/0'/0/i`), each with `balance` wei.
 *
 * @example const [deployer, alice] = devAccounts(2);
 */
export function devAccounts(
  count: number = DEV_ACCOUNT_COUNT,
  options: { readonly mnemonic?: string; readonly balance?: bigint } = {},
): DevAccount[] {
  const mnemonic = options.mnemonic ?? DEV_MNEMONIC;
  const balance = options.balance ?? DEV_BALANCE;
  return Array.from({ length: count }, (_, addressIndex) => {
    const name = `${addressIndex} ${mnemonic}`;
    const account = derived.get(name) ?? derive(mnemonic, addressIndex);
    derived.set(name, account);
    return { ...account, balance };
  });
}

function derive(mnemonic: string, addressIndex: number): DevAccount {
  const account = mnemonicToAccount(mnemonic, { addressIndex });
  const key = account.getHdKey().privateKey;
  if (!key) throw new BadExecutionDataError('a mnemonic gave no private key', { data: { addressIndex } });
  return { address: account.address, privateKey: toHex(key), balance: DEV_BALANCE };
}
