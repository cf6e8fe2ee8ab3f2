import { bytesToHex, type LocalAccount } from 'viem';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';

/** Known to everybody, used by every Ethereum tool's tests. Warning: real money sent to these accounts is stolen at once. */
const TEST_MNEMONIC = 'test test test test test test test test test test test junk';

const known = new Map<number, LocalAccount>();
let parent: ReturnType<ReturnType<typeof mnemonicToAccount>['getHdKey']> | null = null;

/** A test account of a devnet, `m/44'/60'/0'/0/index`. The slow derivation of the seed is done once. */
export function testAccount(index: number): LocalAccount {
  const before = known.get(index);
  if (before) return before;
  parent ??= mnemonicToAccount(TEST_MNEMONIC, { path: "m/44'/60'/0'/0" as `m/44'/60'/${string}` }).getHdKey();
  const account = privateKeyToAccount(bytesToHex(parent.deriveChild(index).privateKey!));
  known.set(index, account);
  return account;
}
