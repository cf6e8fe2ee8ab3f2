import { AttestationPool } from './attestation-pool.ts';
import { FaultBook } from './faults.ts';
import { OperationPool } from './op-pool.ts';
import { Slasher } from './slasher.ts';
import { SyncPool } from './sync-pool.ts';

/** Everything that waits for a block, and what is remembered to judge what comes. */
export interface ChainBooks {
  readonly operations: OperationPool;
  readonly attestations: AttestationPool;
  readonly sync: SyncPool;
  readonly faults: FaultBook;
  readonly slasher: Slasher;
}

export const emptyBooks = (): ChainBooks => ({
  operations: new OperationPool(),
  attestations: new AttestationPool(),
  sync: new SyncPool(),
  faults: new FaultBook(),
  slasher: new Slasher(),
});

export const cloneBooks = ({ operations, attestations, sync, faults, slasher }: ChainBooks): ChainBooks => ({
  operations: operations.clone(),
  attestations: attestations.clone(),
  sync: sync.clone(),
  faults: faults.clone(),
  slasher: slasher.clone(),
});
