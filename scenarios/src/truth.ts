import type { Devnet } from '@holdfast/devnet';
import { type PoolManifest, slashingEnforcerAbi, vaultAbi } from '@holdfast/pool';
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

const WATCHED = parseAbi([
  'event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)',
  'event ClaimsPaid(uint256 assets)',
  'event RequestFeePaid(address indexed target, uint256 fee)',
  'event CheckpointStarted(bytes32 indexed root, uint256 startSlot, uint256 validators)',
]);

const LIVES = parseAbi([
  'event CredentialsProven(uint32 indexed ordinal, uint32 indexed operatorId, uint256 index)',
  'event Funded(uint32 indexed ordinal, uint32 indexed operatorId, uint256 amountGwei)',
  'event Withdrawn(uint32 indexed ordinal, uint32 indexed operatorId)',
  'event CheckpointProved(uint256 indexed slot, uint256 counted, uint256 remaining)',
  'event SlashingProven(uint32 indexed ordinal, uint32 indexed operatorId, uint256 expectedGwei, uint256 coverGwei, address by)',
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
    const value = countedValue(validator, balance, epoch);
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

interface Counted {
  readonly index: number;
  /** As the ledger knew it when it counted the balance; null when it did not. */
  readonly slashing: Slashing | null;
  /** Proven after the balance was counted, before the checkpoint was finished. */
  readonly late: boolean;
}

/** A late proof can only lower what is counted already: what the bond adds comes with the next checkpoint. */
function countedValue({ slashing, late }: Counted, balance: bigint, epoch: number): bigint {
  if (!slashing) return balance;
  const value = slashedValue(slashing, balance, epoch);
  return late && value > balance ? balance : value;
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
  const { expected, cover, recovered } = slashing;
  let { worth } = slashing;
  let here = balance;
  if (epoch < slashing.withdrawableEpoch) {
    if (here > worth) worth = here;
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
 * The validators that the checkpoint counts, from the ledger's events: funded by the end of block P and not withdrawn
 * when it started. A slashing proven after the checkpoint's end, be it in the same block, is too late for it.
 */
async function validatorsAt(
  context: Context,
  startBlock: bigint,
  parentBlock: bigint,
  finished: { readonly slot: bigint; readonly block: bigint; readonly logIndex: number },
): Promise<Counted[]> {
  const { client, manifest } = context;
  const { ledger, enforcer } = manifest.addresses;
  const logs = await client.getLogs({
    address: [ledger, enforcer],
    events: LIVES,
    fromBlock: manifest.block,
    toBlock: finished.block,
  });
  const before = (log: Place, end: Place) =>
    log.blockNumber < end.blockNumber || (log.blockNumber === end.blockNumber && log.logIndex < end.logIndex);
  const ordinalsOf = (name: 'Funded' | 'Withdrawn', block: bigint) =>
    new Set(logs.flatMap((log) => (log.eventName === name && log.blockNumber <= block ? [log.args.ordinal!] : [])));
  const funded = ordinalsOf('Funded', parentBlock);
  // A withdrawal in the start's own block came before the start: after it, the ledger lets none go uncounted.
  const gone = ordinalsOf('Withdrawn', startBlock);
  const counting = logs.find((log) => log.eventName === 'CheckpointProved' && log.args.slot === finished.slot);
  const found: Counted[] = [];
  for (const log of logs) {
    if (log.eventName !== 'CredentialsProven') continue;
    const ordinal = log.args.ordinal!;
    if (!funded.has(ordinal) || gone.has(ordinal)) continue;
    const end = { blockNumber: finished.block, logIndex: finished.logIndex };
    const proof = logs.find((entry) => entry.eventName === 'SlashingProven' && entry.args.ordinal === ordinal);
    const known = proof !== undefined && before(proof, end);
    const late = known && (counting === undefined || before(counting, proof));
    const slashing = known
      ? await slashingAt(context, ordinal, late ? proof.blockNumber : counting!.blockNumber)
      : null;
    found.push({ index: Number(log.args.index), slashing, late });
  }
  return found;
}

interface Place {
  readonly blockNumber: bigint;
  readonly logIndex: number;
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
