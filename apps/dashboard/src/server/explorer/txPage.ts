import { ABIS, type PoolManifest } from '@holdfast/pool';
import {
  type Abi,
  decodeEventLog,
  decodeFunctionData,
  type Hash,
  type Hex,
  type Log,
  type PublicClient,
  TransactionReceiptNotFoundError,
} from 'viem';
import { eth, show, utc } from './format.ts';
import { facts, type Html, html, link, page } from './html.ts';

/** A transaction: what it called of the pool, whether it succeeded, and what it did, by its events. Null: no such one. */
export async function txPage(client: PublicClient, manifest: PoolManifest, hash: Hash): Promise<string | null> {
  const receipt = await client.getTransactionReceipt({ hash }).catch((error: unknown) => {
    if (error instanceof TransactionReceiptNotFoundError) return null;
    throw error;
  });
  if (receipt === null) return null;
  const [transaction, block] = await Promise.all([
    client.getTransaction({ hash }),
    client.getBlock({ blockNumber: receipt.blockNumber }),
  ]);
  const parts = partsOf(manifest);
  const to = transaction.to?.toLowerCase();
  const part = to === undefined ? undefined : parts.get(to);
  const rows: [string, Html | string][] = [
    ['Outcome', receipt.status === 'success' ? 'succeeded' : html`<span class="bad">reverted</span>`],
    ['Hash', html`<code>${hash}</code>`],
    ['Block', link(`/block/${receipt.blockNumber}`, receipt.blockNumber)],
    ['Time', utc(block.timestamp)],
    ['From', html`<code>${transaction.from}</code>`],
    [
      'To',
      part
        ? html`${part} <code class="soft">${transaction.to}</code>`
        : html`<code>${transaction.to ?? 'new contract'}</code>`,
    ],
    ['Call', html`<code>${part ? callOf(part, transaction.input) : transaction.input.slice(0, 10)}</code>`],
    ['Value', eth(transaction.value)],
    ['Gas used', `${receipt.gasUsed.toLocaleString('en-US')} of ${transaction.gas.toLocaleString('en-US')}`],
    ['Fee', eth(receipt.gasUsed * receipt.effectiveGasPrice)],
    ['Calldata', `${((transaction.input.length - 2) / 2).toLocaleString('en-US')} bytes`],
  ];
  const events = receipt.logs.map((log) => eventBox(log, parts));
  return page(
    `Transaction ${hash.slice(0, 10)}…`,
    html`${facts(rows)}<h2>Events (${receipt.logs.length})</h2>${events.length > 0 ? events : html`<p>None.</p>`}`,
  );
}

type PartName = keyof typeof ABIS;

const partsOf = (manifest: PoolManifest): Map<string, PartName> =>
  new Map((Object.keys(ABIS) as PartName[]).map((part) => [manifest.addresses[part].toLowerCase(), part]));

function callOf(part: PartName, data: Hex): string {
  try {
    return decodeFunctionData({ abi: ABIS[part] as Abi, data }).functionName;
  } catch {
    return data.slice(0, 10);
  }
}

function eventBox(log: Log, parts: ReadonlyMap<string, PartName>): Html {
  const part = parts.get(log.address.toLowerCase());
  if (part !== undefined) {
    try {
      const { eventName, args } = decodeEventLog({ abi: ABIS[part] as Abi, data: log.data, topics: log.topics });
      const rows = Object.entries(args ?? {}).map(
        ([name, value]) => [name, html`<code>${show(value)}</code>`] as const,
      );
      return html`<div class="event"><strong>${eventName}</strong> <span class="soft">${part}</span>${facts(rows)}</div>`;
    } catch {
      // Not one of this part's own: shown raw below.
    }
  }
  return html`<div class="event"><strong>Log</strong> <code class="soft">${log.address}</code><br><code>${log.topics.join(' ')}</code></div>`;
}
