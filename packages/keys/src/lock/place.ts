import type { Hex, Root } from '@holdfast/units';
import type { ShareIndex } from '../threshold/scheme.ts';
import { LockError } from './errors.ts';
import type { ClusterDefinition } from './types.ts';

/** The chain that a node is connected to. */
export interface ConnectedChain {
  readonly genesisForkVersion: Hex;
  readonly genesisValidatorsRoot: Root;
}

/** A node refuses to serve a lock of another chain. @throws LockError */
export function checkNetwork({ network }: ClusterDefinition, chain: ConnectedChain): void {
  for (const field of ['genesisForkVersion', 'genesisValidatorsRoot'] as const) {
    if (network[field] === chain[field].toLowerCase()) continue;
    throw new LockError(`definition.network.${field}`, 'is not that of the chain', {
      data: { lock: network[field], chain: chain[field] },
      fix: 'Connect the node to beacon nodes of the lock’s network',
    });
  }
}

/** The number of the node with this identity, 1…n. @throws LockError where the lock does not know it. */
export function nodeIndexOf({ operators }: ClusterDefinition, identity: Hex): ShareIndex {
  const index = operators.findIndex((operator) => operator.identity === identity.toLowerCase()) + 1;
  if (index > 0) return index;
  throw new LockError('definition.operators', 'names no node with this identity', {
    data: { identity },
    fix: 'Start the node with the identity key with which it took part in the ceremony',
  });
}
