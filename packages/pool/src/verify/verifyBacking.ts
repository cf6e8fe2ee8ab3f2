import type { BeaconClient, LoadedState } from '@holdfast/beacon';
import { asRoot, type Root, sameHex, WEI_PER_GWEI } from '@holdfast/units';
import type { PublicClient } from 'viem';
import type { PoolManifest } from '../deploy/PoolManifest.ts';
import { PoolReadError } from '../errors.ts';
import type { Pool } from '../Pool.ts';
import { compoundingCredentials } from '../proofs/hash.ts';
import { beaconRootAt, momentAt } from '../proofs/moment.ts';
import { readAt, readFields } from '../read/at.ts';
import { type PoolEvent, poolEvents } from '../read/poolEvents.ts';
import { readPool } from '../read/readPool.ts';
import type { PoolSnapshot } from '../read/snapshot.ts';
import { accountedCash, type CashStart } from './cash.ts';
import { mintedShares, unclaimedWei } from './claims.ts';
import { codeRows } from './code.ts';
import { holdingsOf, liveOf, strangersIn } from './holdings.ts';
import { isUntrue, lastNavRow, lastOf } from './lastNav.ts';
import { type BackingReport, type BackingRow, coversRow, equalRow, textRow } from './report.ts';

const ONE = 10n ** 18n;
/** Every block since the deployment is read up to so many; beyond, those since the last checkpoint began. */
const AUDIT_BLOCKS_MAX = 50_000n;

export interface VerifyBackingParameters {
  /** Trusted: what the execution chain is. An archive node can be audited from the pool's first block. */
  readonly publicClient: PublicClient;
  /** Not trusted: every state is checked against the execution chain's own EIP-4788 root. */
  readonly beaconClient: BeaconClient;
  readonly manifest: PoolManifest;
  /** Default 50,000. */
  readonly auditBlocksMax?: bigint | undefined;
}

/**
 * Recomputes from the two APIs whether a pool is fully backed, without asking the pool for any sum.
 *
 * The moment: the newest execution block C carries the root of its parent beacon block P. What P's execution block left
 * in the Vault and what P's post-state shows are one moment, so everything is read at the end of C's parent.
 *
 * @returns a report; a beacon node that lies, a wei that is missing or foreign code refute it (`backed: false`)
 * @throws when one of the APIs cannot be reached, which proves nothing
 */
export async function verifyBacking(parameters: VerifyBackingParameters): Promise<BackingReport> {
  const { publicClient, beaconClient, manifest } = parameters;
  const pool: Pool = { manifest, publicClient };
  const { block, root, rows: anchorRows } = await anchorOf(publicClient, manifest);
  const rows = [...anchorRows, ...(await codeRows(pool, block))];
  const report = (more: Partial<BackingReport> = {}): BackingReport => ({
    backed: rows.every(({ ok }) => ok !== false),
    block,
    slot: null,
    root,
    assetsWei: null,
    owedWei: null,
    rows,
    ...more,
  });
  // Of foreign code no answer means anything.
  if (rows.some(({ ok }) => ok === false)) return report();
  const [snapshot, events] = await Promise.all([readPool(pool, block), poolEvents(pool, manifest.block, block)]);
  rows.push(...(await ledgerRows(pool, snapshot, events)));
  rows.push(await cashRow(pool, snapshot, events, parameters.auditBlocksMax ?? AUDIT_BLOCKS_MAX));
  try {
    const { state, header } = await momentAt(beaconClient, 0, root);
    const { row, strangers, assetsWei, owedWei } = await backingRows(pool, snapshot, state);
    rows.push(
      textRow({
        check: `beacon state of slot ${header.slot}`,
        ok: true,
        expected: root,
        actual: root,
        note: 'header and state hash to it',
      }),
    );
    rows.push(strangers, row);
    const nav = await lastNavRow(pool, beaconClient, events);
    if (nav) rows.push(nav);
    return report({ slot: header.slot, assetsWei, owedWei });
  } catch (error) {
    if (!isUntrue(error)) throw error;
    rows.push(
      textRow({ check: 'beacon state', ok: false, expected: root, actual: 'another', note: (error as Error).message }),
    );
    return report();
  }
}

/** The moment, and that the chain's own EIP-4788 contract agrees with the block's header. */
async function anchorOf(
  publicClient: PublicClient,
  manifest: PoolManifest,
): Promise<{ block: bigint; root: Root; rows: BackingRow[] }> {
  const [chainId, newest] = await Promise.all([
    publicClient.getChainId(),
    publicClient.getBlock({ blockTag: 'latest' }),
  ]);
  if (chainId !== manifest.chainId) {
    throw new PoolReadError('the RPC is of another chain than the manifest', {
      data: { rpc: chainId, manifest: manifest.chainId },
    });
  }
  if (!newest.parentBeaconBlockRoot || newest.number <= manifest.block) {
    throw new PoolReadError('the newest block cannot anchor the pool', {
      data: { block: newest.number, poolSince: manifest.block, root: newest.parentBeaconBlockRoot },
      fix: 'Wait a slot',
    });
  }
  const root = asRoot(newest.parentBeaconBlockRoot);
  const told = await beaconRootAt(publicClient, newest.timestamp, newest.number);
  const row = textRow({
    check: `EIP-4788 root at block ${newest.number}`,
    ok: told !== null && sameHex(told, root),
    expected: root,
    actual: told ?? 'none',
  });
  return { block: newest.number - 1n, root, rows: [row] };
}

/** Shares, queue and bonds: what the contracts hold against what their events say. */
async function ledgerRows(pool: Pool, snapshot: PoolSnapshot, events: readonly PoolEvent[]): Promise<BackingRow[]> {
  const { addresses } = pool.manifest;
  const read = readAt(pool, snapshot.block.number);
  const [escrowed, bondVault, feesUnshared] = await Promise.all([
    read('token', 'balanceOf', addresses.queue),
    pool.publicClient.getBalance({ address: addresses.bonds, blockNumber: snapshot.block.number }),
    read('registry', 'feesUnshared'),
  ]);
  const bonds = snapshot.operators.reduce((sum, { bond }) => sum + bond, 0n);
  const fees = snapshot.operators.reduce((sum, operator) => sum + operator.fees, feesUnshared);
  return [
    equalRow({ check: 'share supply = minted − burned', expected: mintedShares(events), actual: snapshot.totalShares }),
    equalRow({ check: 'shares in escrow = shares queued', expected: snapshot.queue.queuedShares, actual: escrowed }),
    coversRow({
      check: 'queue holds what is finalised',
      expected: unclaimedWei(events),
      actual: snapshot.queue.balance,
    }),
    coversRow({ check: 'bond vault holds all bonds', expected: bonds, actual: bondVault }),
    coversRow({ check: 'fees set aside cover the operators’', expected: fees, actual: snapshot.vault.feesOwed }),
  ];
}

async function cashRow(
  pool: Pool,
  snapshot: PoolSnapshot,
  events: readonly PoolEvent[],
  blocksMax: bigint,
): Promise<BackingRow> {
  const { addresses, block: since } = pool.manifest;
  const whole = snapshot.block.number - since <= blocksMax;
  const start = whole
    ? fromDeployment(since)
    : ((await fromCheckpoint(pool, snapshot, events)) ?? fromDeployment(since));
  const expected = await accountedCash({
    publicClient: pool.publicClient,
    vault: addresses.vault,
    ledger: addresses.ledger,
    events,
    start,
    toBlock: snapshot.block.number,
  });
  const note = `every flow since block ${start.block}${start.balance > 0n ? ', where a checkpoint froze it' : ''}; over it: donations`;
  return coversRow({ check: 'Vault holds what came less what went', expected, actual: snapshot.vault.balance, note });
}

const fromDeployment = (block: bigint): CashStart => ({ block, transactionIndex: 0, logIndex: -1, balance: 0n });

async function fromCheckpoint(
  pool: Pool,
  snapshot: PoolSnapshot,
  events: readonly PoolEvent[],
): Promise<CashStart | null> {
  const started = lastOf(events, 'CheckpointStarted');
  if (!started) return null;
  const [{ cash }, { transactionIndex }] = await Promise.all([
    readFields(readAt(pool, snapshot.block.number), 'vault', 'frozen'),
    pool.publicClient.getTransactionReceipt({ hash: started.transactionHash }),
  ]);
  return { block: started.blockNumber, transactionIndex, logIndex: started.logIndex, balance: cash };
}

/** I2: the Vault, the validators and what is in flight against what the shares are worth. */
async function backingRows(pool: Pool, snapshot: PoolSnapshot, state: LoadedState) {
  const { config, facts, addresses } = pool.manifest;
  const credentials = compoundingCredentials(addresses.vault);
  const live = liveOf(snapshot.validators);
  const foreign = strangersIn(state, live, credentials);
  const strangers = textRow({
    check: `credentials of ${live.length} validators = Vault`,
    ok: foreign.length === 0,
    expected: credentials,
    actual: foreign.length === 0 ? credentials : `others: ordinals ${foreign.join(', ')}`,
  });
  const holdings = holdingsOf(live, {
    state,
    slotsPerEpoch: facts.clock.slotsPerEpoch,
    stakeGwei: config.ledger.stakeGwei,
    untilSlot: Number.POSITIVE_INFINITY,
  });
  const sumWei = (pick: (holding: (typeof holdings)[number]) => bigint): bigint =>
    holdings.reduce((sum, holding) => sum + pick(holding), 0n) * WEI_PER_GWEI;
  const [validatorsWei, inFlightWei] = [sumWei((h) => h.valueGwei), sumWei((h) => h.inFlightGwei)];
  const withheldWei = withheldWithdrawals(pool, snapshot, state);
  const { balance, reserve, feesOwed } = snapshot.vault;
  const assetsWei = balance + withheldWei + validatorsWei + inFlightWei - reserve - feesOwed;
  // Each holder's part is rounded down, so their sum is at most this.
  const owedWei = (snapshot.totalShares * snapshot.rate.current) / ONE;
  const note = `vault ${balance} + validators ${validatorsWei} + in flight ${inFlightWei}${withheldWei > 0n ? ` + withheld ${withheldWei}` : ''} − reserve ${reserve} − fees ${feesOwed}`;
  const row = coversRow({ check: 'assets cover all shares at the rate', expected: owedWei, actual: assetsWei, note });
  return { row, strangers, assetsWei, owedWei };
}

/**
 * From Gloas on withdrawals leave the balances with the beacon block and reach the Vault with its payload. When the
 * payload was withheld, they are still on their way.
 */
function withheldWithdrawals({ manifest }: Pool, snapshot: PoolSnapshot, state: LoadedState): bigint {
  if (state.layout.payloadExpectedWithdrawals === null) return 0n;
  const { genesisTime, secondsPerSlot } = manifest.facts.clock;
  if (snapshot.block.timestamp === genesisTime + BigInt(state.slot) * secondsPerSlot) return 0n;
  const expected = state.value(['payloadExpectedWithdrawals']) as readonly {
    address: Uint8Array;
    amount: number | bigint;
  }[];
  return expected
    .filter(({ address }) => sameHex(`0x${Buffer.from(address).toString('hex')}`, manifest.addresses.vault))
    .reduce((sum, { amount }) => sum + BigInt(amount) * WEI_PER_GWEI, 0n);
}
