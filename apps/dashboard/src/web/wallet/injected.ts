import { useEffect, useState } from 'react';
import type { Address, EIP1193Provider } from 'viem';

/** A wallet in the browser that announced itself (EIP-6963). */
export interface InjectedWallet {
  readonly info: { readonly uuid: string; readonly name: string; readonly icon: string; readonly rdns: string };
  readonly provider: EIP1193Provider;
}

/** The wallets that are there; they may come late. */
export function useInjectedWallets(): readonly InjectedWallet[] {
  const [wallets, setWallets] = useState<readonly InjectedWallet[]>([]);
  useEffect(() => {
    const announced = (event: Event) => {
      const wallet = (event as CustomEvent<InjectedWallet>).detail;
      setWallets((before) =>
        before.some(({ info }) => info.uuid === wallet.info.uuid) ? before : [...before, wallet],
      );
    };
    addEventListener('eip6963:announceProvider', announced);
    dispatchEvent(new Event('eip6963:requestProvider'));
    return () => removeEventListener('eip6963:announceProvider', announced);
  }, []);
  return wallets;
}

export interface Connection {
  readonly wallet: InjectedWallet;
  readonly address: Address;
  readonly chainId: number;
}

/** Asks the wallet for an account, and hears when the user changes account or chain. */
export async function connect(wallet: InjectedWallet, changed: (to: Connection | null) => void): Promise<void> {
  const { provider } = wallet;
  const look = async (addresses: readonly Address[]) => {
    const address = addresses[0];
    if (!address) return changed(null);
    changed({ wallet, address, chainId: Number(await provider.request({ method: 'eth_chainId' })) });
  };
  const again = () => void provider.request({ method: 'eth_accounts' }).then(look);
  await look(await provider.request({ method: 'eth_requestAccounts' }));
  provider.on('accountsChanged', again);
  provider.on('chainChanged', again);
}
