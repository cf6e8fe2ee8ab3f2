import { createHash } from 'node:crypto';
import { type DevAccount, devAccounts } from '@holdfast/devnet';
import type { Hex } from '@holdfast/units';

export interface Operator {
  readonly name: string;
  readonly account: DevAccount;
  /** Of its validators. */
  readonly secretKeys: readonly Hex[];
}

/** Who takes part, among the devnet's accounts. The last four stay with whoever is watching. */
export interface Cast {
  readonly deployer: DevAccount;
  readonly keeper: DevAccount;
  readonly operators: readonly Operator[];
  readonly stakers: readonly DevAccount[];
}

const NAMES = ['Anchor', 'Bulwark', 'Citadel', 'Drydock', 'Ember', 'Fathom', 'Granite', 'Harbour'];
const FIRST_OPERATOR = 2;
const FIRST_STAKER = 10;
const STAKERS = 3;

export function makeCast(operators: number, keys: number): Cast {
  const accounts = devAccounts();
  return {
    deployer: accounts[0]!,
    keeper: accounts[1]!,
    operators: NAMES.slice(0, operators).map((name, number) => ({
      name,
      account: accounts[FIRST_OPERATOR + number]!,
      secretKeys: Array.from({ length: keys }, (_, key) => secretKeyOf(`${name} ${key}`)),
    })),
    stakers: accounts.slice(FIRST_STAKER, FIRST_STAKER + STAKERS),
  };
}

/** A key known to everybody, the same in each run, below the order of BLS12-381's groups. */
function secretKeyOf(name: string): Hex {
  const digest = createHash('sha256').update(`holdfast up ${name}`).digest();
  digest[0] = digest[0]! & 0x3f;
  return `0x${digest.toString('hex')}`;
}
