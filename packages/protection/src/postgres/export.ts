import type { KeptAttestation, KeptBlock } from '../decide.ts';
import type { InterchangeKey } from '../interchange/format.ts';
import { completeKey, minimalKey } from '../interchange/write.ts';
import { attestationOfRow, blockOfRow } from './history.ts';
import type { KeyRow } from './keys.ts';
import { scan } from './scan.ts';
import type { Transaction } from './transaction.ts';
import { integers } from './values.ts';

/** The histories of keys, as this transaction sees them. */
export async function exportKeys(
  transaction: Transaction,
  keys: readonly KeyRow[],
  minimal: boolean,
): Promise<readonly InterchangeKey[]> {
  const blocks = new Map<number, KeptBlock[]>();
  const attestations = new Map<number, KeptAttestation[]>();
  if (!minimal) {
    const { schema } = transaction.settings;
    const ids = integers(keys.map(({ id }) => id));
    const which = `key = ANY ('${ids}'::integer[])`;
    await scan<readonly [number, bigint, Uint8Array]>(
      transaction,
      `SELECT key, slot, root FROM ${schema}.blocks WHERE ${which} ORDER BY key, slot, root`,
      ([key, ...row]) => append(blocks, key, blockOfRow(row)),
    );
    await scan<readonly [number, bigint, bigint, Uint8Array]>(
      transaction,
      `SELECT key, source, target, root FROM ${schema}.attestations WHERE ${which} ORDER BY key, target, source, root`,
      ([key, ...row]) => append(attestations, key, attestationOfRow(row)),
    );
  }
  return keys.map(({ id, pubkey, state }) =>
    (minimal ? minimalKey : completeKey)({
      pubkey,
      blocks: blocks.get(id) ?? [],
      attestations: attestations.get(id) ?? [],
      blockFrontier: state.blocks,
      attestationFrontier: state.attestations,
    }),
  );
}

/** True: go on. */
function append<T>(lists: Map<number, T[]>, key: number, item: T): true {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
  return true;
}
