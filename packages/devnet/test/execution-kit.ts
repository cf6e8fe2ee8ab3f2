import { createHash } from 'node:crypto';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { createPublicClient, createWalletClient, custom, defineChain } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { devAccounts } from '../src/execution/dev-accounts.ts';
import { toEip1193 } from '../src/execution/eip1193.ts';
import type {
  BlockAttributes,
  DepositRequest,
  DraftBlock,
  ExecutionPort,
  SealedBlock,
  Withdrawal,
} from '../src/execution/port.ts';

export const GENESIS_TIME = 1_700_000_000;
export const SECONDS_PER_SLOT = 12;
export const FEE_RECIPIENT: Hex = '0x00000000000000000000000000000000000000fe';

const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());

/** A 32-byte value that says what it stands for. */
export const rootOf = (name: string): Hex => toHex(sha256(Buffer.from(name)));

export const bytesOf = (fill: number, length: number): Hex => toHex(new Uint8Array(length).fill(fill));

/** Seals one block a slot on a port, as a beacon chain would. */
export class SlotDriver {
  readonly port: ExecutionPort;
  slot = 0;

  constructor(port: ExecutionPort) {
    this.port = port;
  }

  async next(withdrawals: readonly Withdrawal[] = [], skipped = 0): Promise<SealedBlock> {
    this.slot += 1 + skipped;
    return this.port.seal(this.#attributes(withdrawals));
  }

  async draft(): Promise<DraftBlock> {
    this.slot += 1;
    return this.port.draft(this.#attributes([]));
  }

  #attributes(withdrawals: readonly Withdrawal[]): BlockAttributes {
    return {
      timestamp: GENESIS_TIME + this.slot * SECONDS_PER_SLOT,
      prevRandao: rootOf(`randao ${this.slot}`),
      feeRecipient: FEE_RECIPIENT,
      parentBeaconBlockRoot: rootOf(`beacon ${this.slot - 1}`),
      withdrawals,
    };
  }
}

export function clientsOf(port: ExecutionPort) {
  const chain = defineChain({
    id: port.chainId,
    name: 'devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  const transport = custom(toEip1193(port), { retryCount: 0 });
  const [alice, bob] = devAccounts(2).map(({ privateKey }) => privateKeyToAccount(privateKey));
  if (!alice || !bob) throw new Error('two dev accounts are needed');
  const reader = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
  const wallet = createWalletClient({ chain, transport, account: alice });
  return { reader, wallet, alice, bob };
}

/** hash_tree_root of consensus-specs `DepositData`, by hand: the contract checks it. */
export function depositDataRoot(deposit: Omit<DepositRequest, 'index'>): Hex {
  const zeros = (length: number) => new Uint8Array(length);
  const signature = fromHex(deposit.signature, 96);
  const amount = new Uint8Array(8);
  Buffer.from(amount.buffer).writeBigUInt64LE(deposit.amount);
  const pubkeyRoot = sha256(fromHex(deposit.pubkey, 48), zeros(16));
  const signatureRoot = sha256(sha256(signature.subarray(0, 64)), sha256(signature.subarray(64), zeros(32)));
  return toHex(
    sha256(sha256(pubkeyRoot, fromHex(deposit.withdrawalCredentials, 32)), sha256(amount, zeros(24), signatureRoot)),
  );
}
