import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  custom,
  defineChain,
  type EIP1193Provider,
  type Hash,
  http,
  type LocalAccount,
} from 'viem';
import type { DashboardState } from '../../shared/state.ts';
import { queueAbi, tokenAbi, vaultAbi } from './abi.ts';

/** Who signs: a test account in the page, or a wallet in the browser. */
export type Signer =
  | { readonly kind: 'test'; readonly account: LocalAccount }
  | { readonly kind: 'injected'; readonly provider: EIP1193Provider; readonly address: Address };

export const addressOf = (signer: Signer): Address =>
  signer.kind === 'test' ? signer.account.address : signer.address;

export type Act =
  | { readonly kind: 'deposit'; readonly assets: bigint }
  | { readonly kind: 'withdraw'; readonly shares: bigint }
  | { readonly kind: 'claim'; readonly id: bigint };

const RPC = () => new URL('/rpc', location.href).href;
const GAS_HEADROOM_PERCENT = 130n;

/** The pool, as this page acts on it. */
export function poolActions({ network, pool }: Pick<DashboardState, 'network' | 'pool'>) {
  const chain = defineChain({
    id: network.chainId,
    name: network.name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [RPC()] } },
  });
  const client = createPublicClient({
    chain,
    transport: http(RPC(), { retryCount: 1 }),
    pollingInterval: 500,
    cacheTime: 0,
  });
  const [vault, token, queue] = [pool.vault, pool.token, pool.queue] as Address[] as [Address, Address, Address];

  const callOf = async (act: Act, from: Address) => {
    if (act.kind === 'deposit') {
      const args = [act.assets, from] as const;
      return { address: vault, abi: vaultAbi, functionName: 'deposit', args, value: act.assets } as const;
    }
    if (act.kind === 'withdraw') {
      const args = [act.shares, from] as const;
      return { address: queue, abi: queueAbi, functionName: 'requestWithdrawal', args } as const;
    }
    const batch = await client.readContract({ address: queue, abi: queueAbi, functionName: 'batchOf', args: [act.id] });
    return { address: queue, abi: queueAbi, functionName: 'claim', args: [act.id, batch, from] as const } as const;
  };

  return {
    async balances(address: Address): Promise<{ readonly ether: bigint; readonly shares: bigint }> {
      const [ether, shares] = await Promise.all([
        client.getBalance({ address }),
        client.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [address] }),
      ]);
      return { ether, shares };
    },

    /** Tries the call first, so that a refusal costs nothing; then sends it and waits for its block. */
    async act(signer: Signer, act: Act, sent: (hash: Hash) => void): Promise<Hash> {
      const account = signer.kind === 'test' ? signer.account : signer.address;
      const wallet = createWalletClient({
        account,
        chain,
        transport: signer.kind === 'test' ? http(RPC()) : custom(signer.provider),
      });
      const call = { ...(await callOf(act, addressOf(signer))), account };
      // The three calls have three types; what they share is all that is used.
      const gas = await client.estimateContractGas(call as Parameters<typeof client.estimateContractGas>[0]);
      const request = { ...call, gas: (gas * GAS_HEADROOM_PERCENT) / 100n };
      const hash = await wallet.writeContract(request as unknown as Parameters<typeof wallet.writeContract>[0]);
      sent(hash);
      const receipt = await client.waitForTransactionReceipt({ hash });
      if (receipt.status !== 'success') throw new Error('The transaction is in a block, but failed');
      return hash;
    },

    async switchChain(provider: EIP1193Provider): Promise<void> {
      await createWalletClient({ chain, transport: custom(provider) }).switchChain({ id: chain.id });
    },
  };
}

/** What a person can do with an error: the contract's own reason, or one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof BaseError)) return error instanceof Error ? error.message : String(error);
  const reverted = error.walk((each) => each instanceof ContractFunctionRevertedError);
  if (reverted instanceof ContractFunctionRevertedError && reverted.data) {
    return `The pool refused it: ${reverted.data.errorName}(${(reverted.data.args ?? []).map(String).join(', ')})`;
  }
  return error.shortMessage;
}
