import { setTimeout as sleep } from 'node:timers/promises';
import { type Hex, sameHex } from '@holdfast/units';
import { getContractAddress, type PublicClient } from 'viem';
import { CliNetworkError } from '../../errors.ts';

const POLL_MS = 500;
const WAIT_MS = 5 * 60_000;

/**
 * The deployer of an interrupted run, once nothing of that run is on its way any more; null when its transaction was
 * never sent, so that the deployment begins anew.
 */
export async function settledDeployer(publicClient: PublicClient, deployer: Hex, account: Hex): Promise<Hex | null> {
  const nonceOf = (blockTag: 'latest' | 'pending') => publicClient.getTransactionCount({ address: account, blockTag });
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const [mined, sent] = await Promise.all([nonceOf('latest'), nonceOf('pending')]);
    if (sameHex(getContractAddress({ from: account, nonce: BigInt(sent) }), deployer)) return null;
    if (mined >= sent) return deployer;
    if (Date.now() > deadline) {
      throw new CliNetworkError('transactions of this account are pending, and the network does not take them', {
        data: { account, pending: sent - mined },
        fix: 'Resume again once they are mined, or replace them',
      });
    }
    await sleep(POLL_MS);
  }
}
