import { mapRange, type ReadAt, readFields } from './at.ts';
import type { OperatorSnapshot } from './snapshot.ts';

/** Every registered operator, from id 1. */
export async function readOperators(read: ReadAt): Promise<OperatorSnapshot[]> {
  return mapRange(1, await read('registry', 'lastOperatorId'), (id) => readOperator(read, id));
}

async function readOperator(read: ReadAt, id: number): Promise<OperatorSnapshot> {
  const [operator, mayStake, fees, bond, bondFree, slashedGwei] = await Promise.all([
    readFields(read, 'registry', 'operators', id),
    read('registry', 'mayStake', id),
    read('registry', 'feesOf', id),
    readFields(read, 'bonds', 'bonds', id),
    read('bonds', 'freeOf', id),
    read('enforcer', 'slashedGwei', id),
  ]);
  const { manager, name, held, earning, slashings, barred } = operator;
  return {
    id,
    manager,
    name,
    held,
    earning,
    slashings,
    frozen: slashings !== 0,
    barred,
    mayStake,
    bond: bond.amount,
    bondReserved: bond.reserved,
    bondRequired: await read('bonds', 'required', held),
    bondFree,
    fees,
    slashedGwei,
  };
}
