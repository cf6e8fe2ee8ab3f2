import { useCallback, useEffect, useState } from 'react';
import type { Address } from 'viem';
import type { AccountState } from '../../shared/state.ts';
import type { poolActions } from './actions.ts';

export interface Account {
  readonly address: Address;
  readonly ether: bigint;
  readonly shares: bigint;
  readonly requests: AccountState['requests'];
}

/** An account's ether, shares and requests, read anew with each block. Null until read, or without an account. */
export function useAccount(
  actions: ReturnType<typeof poolActions>,
  address: Address | null,
  block: string,
): { readonly account: Account | null; readonly reload: () => void } {
  const [account, setAccount] = useState<Account | null>(null);
  const [times, setTimes] = useState(0);
  const reload = useCallback(() => setTimes((before) => before + 1), []);
  // A new block, and a reload, change what is read, not how.
  useEffect(() => {
    if (address === null) return setAccount(null);
    let over = false;
    const read = async () => {
      const [balances, response] = await Promise.all([actions.balances(address), fetch(`/api/account/${address}`)]);
      if (!response.ok || over) return;
      const { requests } = (await response.json()) as AccountState;
      if (!over) setAccount({ address, ...balances, requests });
    };
    // What cannot be read now is read with the next block; the banner says what is down.
    read().catch(() => {});
    return () => {
      over = true;
    };
  }, [actions, address, block, times]);
  return { account: account?.address === address ? account : null, reload };
}
