import type { Devnet } from '@holdfast/devnet';
import { type PoolManifest, slashingEnforcerAbi, validatorLedgerAbi, vaultAbi } from '@holdfast/pool';
import { type Hex, toHex, WEI_PER_GWEI } from '@holdfast/units';
import type { Log, PublicClient } from 'viem';
import { decodeEventLog, parseAbi } from 'viem';

/** One finished checkpoint beside what the beacon chain itself says of its moment. */
export interface CheckpointRow {
  readonly slot: number;
  /** NAV as the contract reported it. */
  readonly navGwei: bigint;
  /** Cash + balances + deposits in flight − liabilities, from the beacon state and the block, with provisions applied. */
  readonly truthGwei: bigint;
  readonly diffGwei: bigint;
  /** The same difference in wei: gwei may hide what the execution layer counts. */
  readonly diffWei: bigint;
  /** What proven, unsettled slashings add to the bare balances: the bond's part less the expected loss. 0 without one. */
  readonly slashingsGwei: bigint;
}

const STATUS_FUNDED = 4;
const STATUS_SLASHED = 6;

const WATCHED = parseAbi([
  'event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)',
  'event ClaimsPaid(uint256 assets)',
  'event RequestFeePaid(address indexed target, uint256 fee)',
  'event CheckpointStarted(bytes32 indexed root, uint256 startSlot, uint256 validators)',
]);

interface Context {
  readonly devnet: Devnet;
  readonly client: PublicClient;
  readonly manifest: PoolManifest;
}

/**
 * Recomputes the NAV of the checkpoint that `finish` reports, from the beacon state of its slot and the Vault's account.
 * The frozen moment is the start transaction in block C: the end of block P plus what ran in C before it.
 */
export async function truthOf(
  context: Context,
  finished: { slot: bigint; nav: bigint; block: bigint; logIndex: number },
): Promise<CheckpointRow> {
  const { devnet, client, manifest } = context;
  const slot = Number(finished.slot);
  const stored = devnet.chain.store.bySlot(slot);
  const state = devnet.chain.store.stateAt(slot);
  if (!stored || !state) throw new Error(`the devnet no longer has slot ${slot}`);
  const parent = await client.getBlock({ blockHash: stored.executionBlockHash });
  const startBlock = parent.number + 1n;
  const [cash, [reserve, feesOwed]] = await Promise.all([
    client.getBalance({ address: manifest.addresses.vault, blockNumber: parent.number }),
    client.readContract({
      address: manifest.addresses.vault,
      abi: vaultAbi,
      functionName: 'liabilities',
      blockNumber: parent.number,
    }),
  ]);
  const before = await movedBeforeStart(context, startBlock, reserve);
  let total = cash - reserve - feesOwed + before;
  let slashings = 0n;
  const epoch = Math.floor(slot / Number(manifest.facts.clock.slotsPerEpoch));
  const credentials = await client.readContract({
    address: manifest.addresses.vault,
    abi: vaultAbi,
    functionName: 'withdrawalCredentials',
  });
  const pending = new Map<Hex, bigint>();
  for (const deposit of (state as typeof devnet.state).pendingDeposits.getAllReadonly()) {
    if (toHex(deposit.withdrawalCredentials) !== credentials) continue;
    const key = toHex(deposit.pubkey);
    pending.set(key, (pending.get(key) ?? 0n) + BigInt(deposit.amount));
  }
  for (const validator of await validatorsAt(context, startBlock, parent.number, finished)) {
    const balance = BigInt(state.balances.get(validator.index));
    const pubkey = toHex(state.validators.getReadonly(validator.index).pubkey);
    const value = validator.slashing ? slashedValue(validator.slashing, balance, epoch) : balance;
    slashings += value - balance;
    total += (value + (pending.get(pubkey) ?? 0n)) * WEI_PER_GWEI;
  }
  const diffWei = finished.nav - total;
  return {
    slot,
    navGwei: finished.nav / WEI_PER_GWEI,
    truthGwei: total / WEI_PER_GWEI,
    diffGwei: finished.nav / WEI_PER_GWEI - total / WEI_PER_GWEI,
    diffWei,
    slashingsGwei: slashings,
  };
}

interface Slashing {
  readonly worth: bigint;
  readonly expected: bigint;
  readonly cover: bigint;
  readonly recovered: bigint;
  readonly withdrawableEpoch: number;
}

/** The rule of mechanism.md, written down a second time: balance under provision, plus the bond's part of what misses. */
function slashedValue(slashing: Slashing, balance: bigint, epoch: number): bigint {
  const { worth, expected, cover, recovered } = slashing;
  let here = balance;
  if (epoch < slashing.withdrawableEpoch) {
    const remains = worth > expected ? worth - expected : 0n;
    if (here > remains) here = remains;
  } else if (recovered === 0n && balance * 2n < worth) {
    return balance;
  }
  const missing = worth - here - recovered;
  const covered = missing < 0n ? 0n : missing < cover ? missing : cover;
  return here + covered;
}

/**
 * The validators that the checkpoint counts: live when it started, and funded by the end of block P. A slashing counts
 * from the transaction that proved it: one proven after the checkpoint's end, be it in the same block, is too late.
 */
async function validatorsAt(
  context: Context,
  startBlock: bigint,
  parentBlock: bigint,
  finished: { readonly block: bigint; readonly logIndex: number },
) {
  const { client, manifest } = context;
  const ledger = { address: manifest.addresses.ledger, abi: validatorLedgerAbi } as const;
  const last = await client.readContract({ ...ledger, functionName: 'lastOrdinal', blockNumber: parentBlock });
  const proven = await client.getContractEvents({
    address: manifest.addresses.enforcer,
    abi: slashingEnforcerAbi,
    eventName: 'SlashingProven',
    fromBlock: manifest.block,
    toBlock: finished.block,
  });
  const known = new Set(
    proven
      .filter(({ blockNumber, logIndex }) => blockNumber < finished.block || logIndex < finished.logIndex)
      .map(({ args }) => args.ordinal!),
  );
  const found: { index: number; slashing: Slashing | null }[] = [];
  for (let ordinal = 1; ordinal <= last; ordinal++) {
    const args = [ordinal] as const;
    const atStart = await client.readContract({ ...ledger, functionName: 'recordOf', args, blockNumber: startBlock });
    const atParent = await client.readContract({ ...ledger, functionName: 'recordOf', args, blockNumber: parentBlock });
    if (atStart.status < STATUS_FUNDED || atStart.status > STATUS_SLASHED || atParent.status < STATUS_FUNDED) continue;
    const slashing = known.has(ordinal) ? await slashingAt(context, ordinal, finished.block) : null;
    found.push({ index: Number(atStart.index), slashing });
  }
  return found;
}

async function slashingAt({ client, manifest }: Context, ordinal: number, blockNumber: bigint): Promise<Slashing> {
  const [reference, landed, expected, cover, recovered, withdrawableEpoch] = await client.readContract({
    address: manifest.addresses.enforcer,
    abi: slashingEnforcerAbi,
    functionName: 'slashings',
    args: [ordinal],
    blockNumber,
  });
  return {
    worth: BigInt(reference) + BigInt(landed),
    expected: BigInt(expected),
    cover: BigInt(cover),
    recovered: BigInt(recovered),
    withdrawableEpoch: Number(withdrawableEpoch),
  };
}

/** Wei that came to (or left) the shares in block C before the start transaction; stakes only change places. */
async function movedBeforeStart({ client, manifest }: Context, block: bigint, reserve: bigint): Promise<bigint> {
  const { vault, ledger } = manifest.addresses;
  const logs = await client.getLogs({ address: [vault, ledger], fromBlock: block, toBlock: block });
  const start = logs.find((log) => named(log)?.eventName === 'CheckpointStarted');
  if (!start) return 0n;
  let moved = 0n;
  let left = reserve;
  for (const log of logs.filter((entry) => entry.logIndex < start.logIndex)) {
    const event = named(log);
    if (event?.eventName === 'Deposit') moved += event.args.assets;
    if (event?.eventName === 'ClaimsPaid') moved -= event.args.assets;
    if (event?.eventName === 'RequestFeePaid') {
      if (left >= event.args.fee) left -= event.args.fee;
      else moved -= event.args.fee;
    }
  }
  return moved;
}

/** Events of the Vault and the start of a checkpoint; null for any other. */
function named(log: Log) {
  try {
    return decodeEventLog({ abi: WATCHED, data: log.data, topics: log.topics });
  } catch {
    return null;
  }
}
