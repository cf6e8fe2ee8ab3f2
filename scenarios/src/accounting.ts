import {
  bondVaultAbi,
  operatorRegistryAbi,
  shareTokenAbi,
  validatorLedgerAbi,
  vaultAbi,
  withdrawalQueueAbi,
} from '@holdfast/pool';
import { WEI_PER_GWEI } from '@holdfast/units';
import { type Abi, parseEventLogs } from 'viem';
import type { World } from './world.ts';

/** Every wei that entered the pool, left it, or lies in it. `differenceWei` = entered − left − held; it must be 0. */
export interface Accounts {
  readonly entered: Readonly<Record<string, bigint>>;
  readonly left: Readonly<Record<string, bigint>>;
  readonly held: Readonly<Record<string, bigint>>;
  readonly differenceWei: bigint;
}

const PREDEPOSIT_WEI = 10n ** 18n;
const EVENTS: Abi = [
  ...vaultAbi,
  ...withdrawalQueueAbi,
  ...bondVaultAbi,
  ...validatorLedgerAbi,
  ...operatorRegistryAbi,
  ...shareTokenAbi,
].filter((entry) => entry.type === 'event');

/**
 * Closes the books. What entered and left is read from the events of the execution chain, rewards and penalties from the
 * beacon states slot by slot, what is held from the accounts and the beacon state: three sources that must agree.
 */
export async function closeBooks(world: World): Promise<Accounts> {
  const { publicClient, manifest, flows } = world;
  const { vault, queue, bonds, ledger, registry } = manifest.addresses;
  const logs = await publicClient.getLogs({
    address: [vault, queue, bonds, ledger, registry],
    fromBlock: manifest.block,
    toBlock: await publicClient.getBlockNumber({ cacheTime: 0 }),
  });
  const events = parseEventLogs({ abi: EVENTS, logs, strict: true }) as unknown as {
    eventName: string;
    args: Record<string, unknown>;
  }[];
  const total = (name: string, field: string, where: (args: Record<string, unknown>) => boolean = () => true) =>
    events
      .filter((event) => event.eventName === name && where(event.args))
      .reduce((sum, event) => sum + (event.args[field] as bigint), 0n);
  const count = (name: string) => BigInt(events.filter((event) => event.eventName === name).length);
  const beacon = flows.totals();

  const entered = {
    'deposits of stakers': total('Deposit', 'assets', (args) => args.sender !== ledger),
    // A rejected one is on its owner's own credentials: it never was the pool's.
    'predeposits of operators': (count('Predeposited') - count('CredentialsRejected')) * PREDEPOSIT_WEI,
    'bonds posted': total('BondPosted', 'amount'),
    'bounty reserve': total('ReserveFunded', 'amount'),
    'beacon rewards': beacon.rewards * WEI_PER_GWEI,
    'transaction fees': world.tips(),
  };
  const left = {
    'claims paid': total('WithdrawalClaimed', 'assets'),
    'operators’ fees': total('FeePaid', 'amount'),
    bounties: total('BountyPaid', 'amount'),
    'request fees burned': total('RequestFeePaid', 'fee'),
    'bonds returned': total('BondReturned', 'amount'),
    'beacon penalties': beacon.penalties * WEI_PER_GWEI,
  };
  const held = {
    Vault: await publicClient.getBalance({ address: vault }),
    WithdrawalQueue: await publicClient.getBalance({ address: queue }),
    BondVault: await publicClient.getBalance({ address: bonds }),
    'beacon chain': beacon.held * WEI_PER_GWEI,
  };
  const sum = (side: Record<string, bigint>) => Object.values(side).reduce((a, b) => a + b, 0n);
  return { entered, left, held, differenceWei: sum(entered) - sum(left) - sum(held) };
}
