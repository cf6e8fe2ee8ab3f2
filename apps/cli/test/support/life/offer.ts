import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDepositData } from '@holdfast/devnet';
import { type DepositFileEntry, depositDataRoot } from '@holdfast/keys';
import { compoundingCredentials, PoolRevertError, postBond, predeposit, register } from '@holdfast/pool';
import type { Hex, Pubkey } from '@holdfast/units';
import { expect } from 'vitest';
import type { Life } from './Life.ts';

type Change = (entry: DepositFileEntry) => Partial<DepositFileEntry>;

const THIEF = `02${'00'.repeat(11)}${'ee'.repeat(20)}`;
const flipped = (hex: string): string => `${hex.slice(0, -1)}${hex.endsWith('0') ? 1 : 0}`;

/** How somebody may change a deposit on its way, and the field that must be named. */
const TAMPERED: readonly (readonly [field: keyof DepositFileEntry, change: Change])[] = [
  ['withdrawal_credentials', () => ({ withdrawal_credentials: THIEF })],
  ['withdrawal_credentials', ({ withdrawal_credentials: own }) => ({ withdrawal_credentials: `01${own.slice(2)}` })],
  ['signature', ({ signature }) => ({ signature: flipped(signature) })],
  ['signature', () => ({ signature: `c0${'00'.repeat(95)}` })],
  ['amount', () => ({ amount: 32_000_000_000 })],
  ['fork_version', () => ({ fork_version: '10000910' })],
  ['deposit_message_root', ({ deposit_message_root: own }) => ({ deposit_message_root: flipped(own) })],
];

/** The root that goes with an entry, so that nothing but what was changed is wrong. */
function rootOf({ pubkey, withdrawal_credentials, amount, signature }: DepositFileEntry): Hex {
  const message = {
    pubkey: `0x${pubkey}` as Pubkey,
    withdrawalCredentials: `0x${withdrawal_credentials}` as const,
    amount: BigInt(amount),
  };
  return depositDataRoot(message, `0x${signature}`);
}

/** The cluster's manager, operator 2 of the pool, offers the keys of the ceremony: by the commands of the guide. */
export async function offerKeys(life: Life): Promise<void> {
  const { pubkeys } = life;
  const file = join(life.directory(3), 'deposit_data-1-eth.json');
  const nobody = await life.operator(1, 'predeposit', file);
  expect(nobody.json).toMatchObject({ error: { message: expect.stringContaining('manages no operator') } });
  await offerBadly(life);
  const registered = await life.operator(1, 'register', '--name', 'Anchor');
  expect(registered.json).toMatchObject({ event: 'registered', operatorId: 2 });
  expect((await life.operator(1, 'predeposit', file)).json).toMatchObject({
    error: {
      message: expect.stringContaining('the bond is short'),
      fix: expect.stringContaining(`--validators ${pubkeys.length}`),
    },
  });
  const bonded = await life.operator(1, 'bond', '--validators', `${pubkeys.length}`);
  expect(bonded.json).toMatchObject({ event: 'bonded', operatorId: 2 });
  await refusals(life, file);

  const taken = await life.operator(1, 'predeposit', file);
  expect(taken).toMatchObject({ code: 0, json: { event: 'predeposited', operatorId: 2, skipped: [] } });
  expect(taken.json.deposits).toMatchObject(pubkeys.map((pubkey, i) => ({ pubkey, ordinal: i + 2 })));
  // Run again it offers nothing twice.
  expect((await life.operator(1, 'predeposit', file)).json).toMatchObject({ deposits: [], skipped: [...pubkeys] });
}

/** Everything that is refused, nothing of which was sent. */
async function refusals(life: Life, file: string): Promise<void> {
  const { publicClient } = life.chain.stage;
  const entries = life.read<DepositFileEntry[]>(file);
  const last = entries.at(-1)!;
  const { address } = life.chain.cast.operators[0]!.account;
  const sent = await publicClient.getTransactionCount({ address });
  const offered = (list: readonly DepositFileEntry[]) => {
    writeFileSync(life.at('tampered.json'), JSON.stringify(list));
    return life.operator(1, 'predeposit', life.at('tampered.json'));
  };
  for (const [field, change] of TAMPERED) {
    const changed = { ...last, ...change(last) };
    const refused = await offered([
      ...entries.slice(0, -1),
      { ...changed, deposit_data_root: rootOf(changed).slice(2) },
    ]);
    const error = { code: 'KEYS_DEPOSIT', data: { field, pubkey: `0x${last.pubkey}` } };
    expect(refused).toMatchObject({ code: 2, json: { error } });
  }
  expect((await offered([...entries, last])).json).toMatchObject({ error: { data: { field: 'pubkey' } } });
  expect((await offered([ofGenesis(life)])).json).toMatchObject({
    error: { message: expect.stringContaining('has a deposit on the beacon chain already') },
  });
  // By hand, past the command: the deposit contract knows the root of the Vault's credentials.
  const { stage, manifest, cast } = life.chain;
  const stolen = predeposit(stage.poolAs(manifest, cast.operators[0]!.account), {
    operatorId: 2,
    pubkey: `0x${last.pubkey}`,
    signature: `0x${last.signature}`,
    depositDataRoot: rootOf({ ...last, withdrawal_credentials: THIEF }),
  });
  await expect(stolen).rejects.toThrow(PoolRevertError);
  expect((await life.operator(1, 'predeposit', file, '--dry-run')).json).toMatchObject({ event: 'checked' });
  expect(await publicClient.getTransactionCount({ address })).toBe(sent);
}

/** A deposit for a key that is a validator already, with other credentials. */
function ofGenesis({ chain }: Life): DepositFileEntry {
  const deposit = makeDepositData({
    secretKey: chain.genesisSecret,
    withdrawalCredentials: compoundingCredentials(chain.manifest.addresses.vault),
    amount: 1_000_000_000n,
  });
  const entry = {
    pubkey: deposit.pubkey.slice(2),
    withdrawal_credentials: deposit.withdrawalCredentials.slice(2),
    amount: Number(deposit.amount),
    signature: deposit.signature.slice(2),
    deposit_data_root: deposit.depositDataRoot.slice(2),
  };
  return entry as DepositFileEntry;
}

/**
 * Somebody else's offer, past the command: ordinal 1, signed for another chain. The contract cannot know; nobody will
 * ever prove such a key, and it must be in nobody's way.
 */
async function offerBadly({ chain }: Life): Promise<void> {
  const { stage, manifest, cast } = chain;
  const pool = stage.poolAs(manifest, cast.operators[1]!.account);
  const deposit = makeDepositData({
    secretKey: `0x${'0b'.repeat(32)}`,
    withdrawalCredentials: compoundingCredentials(manifest.addresses.vault),
    amount: 1_000_000_000n,
    genesisForkVersion: '0x10000910',
  });
  await stage.during(register(pool, { name: 'Bulwark' }));
  await stage.during(postBond(pool, { operatorId: 1, amount: manifest.config.bond.base }));
  expect((await stage.during(predeposit(pool, { operatorId: 1, ...deposit }))).result).toBe(1);
}
