import type { TypedData, VerifyOperatorSignature } from '@holdfast/keys';
import type { Hex } from '@holdfast/units';
import type { TypedDataDefinition } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
// Not the whole library: each of many nodes on one machine verifies its lock.
import { getAddress, verifyTypedData } from 'viem/utils';

/** Who an operator is, is said by its account's signature (EIP-712, by key: contract wallets cannot run a node). */
export const verifyOperator: VerifyOperatorSignature = async (address, data, signature) => {
  try {
    return await verifyTypedData({ address: getAddress(address), ...asViem(data), signature });
  } catch {
    // Bytes that are no signature at all.
    return false;
  }
};

export const signAsOperator = async (account: PrivateKeyAccount, data: TypedData): Promise<Hex> =>
  (await account.signTypedData(asViem(data))).toLowerCase() as Hex;

/** viem infers the message's type from constant types; ours are data. */
const asViem = ({ domain, types, primaryType, message }: TypedData) =>
  ({ domain, types, primaryType, message }) as unknown as TypedDataDefinition;
