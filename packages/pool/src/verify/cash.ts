import { type Hex, sameHex, WEI_PER_GWEI } from '@holdfast/units';
import type { Block, PublicClient } from 'viem';
import { mapRange } from '../read/at.ts';
import type { PoolEvent } from '../read/poolEvents.ts';

/** A moment from which the Vault's balance is followed. */
export interface CashStart {
  readonly block: bigint;
  /** Transactions before this one in that block are in `balance` already. */
  readonly transactionIndex: number;
  /** Events up to this one are in `balance` already; -1 for none. */
  readonly logIndex: number;
  /** Wei. */
  readonly balance: bigint;
}

export interface CashParameters {
  readonly publicClient: PublicClient;
  readonly vault: Hex;
  readonly ledger: Hex;
  readonly events: readonly PoolEvent[];
  readonly start: CashStart;
  readonly toBlock: bigint;
}

/**
 * What the Vault must hold at the end of `toBlock`, in wei: what it held at the start, each flow through a door since
 * then by its event, the beacon chain's withdrawals and the fees of blocks that name it. Only a donation can make the
 * true balance higher; nothing honest makes it lower.
 */
export async function accountedCash(parameters: CashParameters): Promise<bigint> {
  const { publicClient, vault, start, toBlock } = parameters;
  const flows = parameters.events.filter(({ blockNumber, logIndex }) => {
    if (blockNumber > toBlock) return false;
    return blockNumber > start.block || (blockNumber === start.block && logIndex > start.logIndex);
  });
  let cash = start.balance;
  for (const event of flows) cash += cashFlowOf(event, parameters.ledger);
  const credits = await mapRange(Number(start.block), Number(toBlock), async (number) => {
    const block = await publicClient.getBlock({ blockNumber: BigInt(number) });
    const from = block.number === start.block ? start.transactionIndex : 0;
    return withdrawnTo(vault, block) + (await feesTo(publicClient, vault, block, from));
  });
  return credits.reduce((sum, credit) => sum + credit, cash);
}

/** What an event says came into the Vault (or went, negative), in wei. */
export function cashFlowOf(event: PoolEvent, ledger: Hex): bigint {
  if (event.part !== 'vault') return 0n;
  switch (event.name) {
    case 'Deposit':
      // The ledger credits an operator's predeposit in shares: its ether went to the beacon chain, not here.
      return sameHex(event.args.sender, ledger) ? 0n : event.args.assets;
    case 'ReserveFunded':
    case 'Compensated':
      return event.args.amount;
    case 'Staked':
      return -event.args.amountGwei * WEI_PER_GWEI;
    case 'ClaimsPaid':
      return -event.args.assets;
    case 'FeePaid':
    case 'BountyPaid':
      return -event.args.amount;
    case 'RequestFeePaid':
      return -event.args.fee;
    default:
      return 0n;
  }
}

function withdrawnTo(vault: Hex, block: Block): bigint {
  return (block.withdrawals ?? [])
    .filter(({ address }) => sameHex(address, vault))
    .reduce((sum, { amount }) => sum + BigInt(amount) * WEI_PER_GWEI, 0n);
}

/** The priority fees of a block that names the Vault as its fee recipient. */
async function feesTo(publicClient: PublicClient, vault: Hex, block: Block, from: number): Promise<bigint> {
  if (!sameHex(block.miner ?? '0x', vault)) return 0n;
  const base = block.baseFeePerGas ?? 0n;
  const hashes = (block.transactions as readonly Hex[]).slice(from);
  const receipts = await mapRange(0, hashes.length - 1, (i) =>
    publicClient.getTransactionReceipt({ hash: hashes[i]! }),
  );
  return receipts.reduce((sum, { effectiveGasPrice, gasUsed }) => sum + (effectiveGasPrice - base) * gasUsed, 0n);
}
