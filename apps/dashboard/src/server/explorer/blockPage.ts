import { BlockNotFoundError, type PublicClient } from 'viem';
import { eth, gweiAsEth, utc } from './format.ts';
import { facts, html, link, page } from './html.ts';

/** An execution block. Null: no such one. */
export async function blockPage(
  client: PublicClient,
  number: bigint,
  slotOf: (timestamp: bigint) => number,
): Promise<string | null> {
  const block = await client.getBlock({ blockNumber: number }).catch((error: unknown) => {
    if (error instanceof BlockNotFoundError) return null;
    throw error;
  });
  if (block === null) return null;
  const slot = slotOf(block.timestamp);
  const withdrawals = block.withdrawals ?? [];
  return page(
    `Block ${number}`,
    html`${facts([
      ['Hash', html`<code>${block.hash}</code>`],
      ['Parent', number > 0n ? link(`/block/${number - 1n}`, html`<code>${block.parentHash}</code>`) : 'genesis'],
      ['Time', utc(block.timestamp)],
      ['Beacon slot', link(`/slot/${slot}`, slot)],
      ['Parent beacon root (EIP-4788)', html`<code>${block.parentBeaconBlockRoot ?? 'none'}</code>`],
      ['Fee recipient', html`<code>${block.miner}</code>`],
      ['Gas used', `${block.gasUsed.toLocaleString('en-US')} of ${block.gasLimit.toLocaleString('en-US')}`],
      ['Base fee', eth(block.baseFeePerGas ?? 0n)],
    ])}
    <h2>Transactions (${block.transactions.length})</h2>
    ${block.transactions.map((hash) => html`<p>${link(`/tx/${hash}`, html`<code>${hash}</code>`)}</p>`)}
    <h2>Withdrawals (${withdrawals.length})</h2>
    ${withdrawals.map(
      ({ validatorIndex, amount, address }) =>
        html`<p>${link(`/validator/${Number(validatorIndex)}`, `Validator ${Number(validatorIndex)}`)}: ${gweiAsEth(BigInt(amount))} to <code>${address}</code></p>`,
    )}`,
  );
}
