import { useState } from 'react';
import type { DashboardState } from '../../shared/state.ts';
import type { Signer } from './actions.ts';
import { type Connection, connect, type InjectedWallet, useInjectedWallets } from './injected.ts';
import { testAccount } from './testAccounts.ts';

/** Who acts: on a devnet one of the test accounts, elsewhere a wallet in the browser. */
export function useSigner(state: DashboardState) {
  const accounts = state.devnet?.accounts ?? [];
  const [chosen, choose] = useState<number | null>(null);
  const [connection, setConnection] = useState<Connection | null>(null);
  const [failure, setFailure] = useState('');
  const wallets = useInjectedWallets();
  const index = chosen ?? accounts.at(-1)?.index ?? null;
  const testing = state.devnet !== null && index !== null;
  const signer: Signer | null = testing
    ? { kind: 'test', account: testAccount(index) }
    : connection && { kind: 'injected', provider: connection.wallet.provider, address: connection.address };
  return {
    signer,
    accounts,
    index,
    choose,
    wallets,
    connection,
    failure,
    wrongChain: !testing && connection !== null && connection.chainId !== state.network.chainId,
    connect: (wallet: InjectedWallet) => {
      setFailure('');
      connect(wallet, setConnection).catch((error: unknown) =>
        setFailure(error instanceof Error ? error.message.split('\n')[0]! : 'The wallet refused'),
      );
    },
  };
}
