/**
 * What operators sign by EIP-712, in a form that wallets show: each its own entry (I run this node) and all of them the
 * whole definition (these are my fellows and these the terms). Without a chain id: the lock names its network itself.
 */
import type { Hex } from '@holdfast/units';
import { definitionHash } from './hash.ts';
import type { ClusterDefinition } from './types.ts';

/** Typed data as `eth_signTypedData_v4` and viem's `signTypedData` take it. */
export interface TypedData {
  readonly domain: { readonly name: string; readonly version: string };
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, string | number>>;
}

/** Whether `signature` over `data` is by `address`. At the edge: viem's `verifyTypedData`, which also asks contract wallets. */
export type VerifyOperatorSignature = (address: Hex, data: TypedData, signature: Hex) => boolean | Promise<boolean>;

const DOMAIN = { name: 'Holdfast cluster', version: '1' };

/** What operator `index` (1…n) signs about its own node. */
export function operatorTypedData(definition: ClusterDefinition, index: number): TypedData {
  const operator = definition.operators[index - 1]!;
  return {
    domain: DOMAIN,
    types: {
      OperatorEntry: [
        { name: 'cluster', type: 'string' },
        { name: 'nonce', type: 'bytes32' },
        { name: 'index', type: 'uint8' },
        { name: 'operator', type: 'address' },
        { name: 'nodeIdentity', type: 'bytes32' },
        { name: 'multiaddrs', type: 'string' },
      ],
    },
    primaryType: 'OperatorEntry',
    message: {
      cluster: definition.name,
      nonce: definition.nonce,
      index,
      operator: operator.address,
      nodeIdentity: operator.identity,
      multiaddrs: operator.multiaddrs.join(' '),
    },
  };
}

/** What every operator signs about the cluster. The hash binds what the other fields do not show. */
export function definitionTypedData(definition: ClusterDefinition): TypedData {
  return {
    domain: DOMAIN,
    types: {
      ClusterDefinition: [
        { name: 'cluster', type: 'string' },
        { name: 'network', type: 'string' },
        { name: 'validators', type: 'uint32' },
        { name: 'threshold', type: 'uint8' },
        { name: 'nodes', type: 'uint8' },
        { name: 'withdrawalCredentials', type: 'bytes32' },
        { name: 'feeRecipient', type: 'address' },
        { name: 'generation', type: 'uint32' },
        { name: 'previousLockHash', type: 'bytes32' },
        { name: 'definitionHash', type: 'bytes32' },
      ],
    },
    primaryType: 'ClusterDefinition',
    message: {
      cluster: definition.name,
      network: definition.network.name,
      validators: definition.validators,
      threshold: definition.threshold,
      nodes: definition.operators.length,
      withdrawalCredentials: definition.withdrawalCredentials,
      feeRecipient: definition.feeRecipient,
      generation: definition.generation,
      previousLockHash: definition.previousLockHash,
      definitionHash: definitionHash(definition),
    },
  };
}
