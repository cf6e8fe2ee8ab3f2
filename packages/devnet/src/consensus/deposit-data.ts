import { SecretKey } from '@chainsafe/blst';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { type phase0, ssz } from '@lodestar/types';
import { DevnetError } from '../errors.ts';
import type { DutySigner } from '../signing/port.ts';
import { depositRequest } from '../signing/requests.ts';
import { GENESIS_FORK_VERSION } from './chain-config.ts';

export interface DepositDataParameters {
  readonly secretKey: Uint8Array | Hex;
  /** 32 bytes; see `withdrawalCredentials`. */
  readonly withdrawalCredentials: Hex;
  /** Gwei. The deposit contract wants at least 1 ETH. */
  readonly amount: bigint;
  /** Of the chain that the deposit is for. Default: the devnet's. */
  readonly genesisForkVersion?: Hex;
}

/** The four arguments of the deposit contract's `deposit`, and the amount to send with them (in gwei). */
export interface DepositData {
  readonly pubkey: Pubkey;
  readonly withdrawalCredentials: Hex;
  readonly amount: bigint;
  readonly signature: Hex;
  readonly depositDataRoot: Root;
}

/** `0x01` (eth1) or `0x02` (compounding, EIP-7251) credentials of an execution address. */
export function withdrawalCredentials(prefix: '0x01' | '0x02', address: Hex): Hex {
  return `${prefix}${'00'.repeat(11)}${toHex(fromHex(address, 20)).slice(2)}`;
}

/**
 * A deposit signed as the spec asks (`DepositMessage` under `DOMAIN_DEPOSIT`, valid on every fork of the chain).
 *
 * @see https://github.com/ethereum/consensus-specs/blob/master/specs/phase0/deposit-contract.md
 */
export function makeDepositData(parameters: DepositDataParameters): DepositData {
  const secret =
    typeof parameters.secretKey === 'string'
      ? SecretKey.fromBytes(fromHex(parameters.secretKey, 32))
      : SecretKey.fromBytes(parameters.secretKey);
  const { message, request } = prepare(secret.toPublicKey().toBytes(), parameters);
  return signed(message, secret.sign(request.signingRoot).toBytes());
}

export interface SignedDepositParameters extends Omit<DepositDataParameters, 'secretKey'> {
  readonly signer: DutySigner;
  readonly pubkey: Pubkey;
}

/** The same by whoever holds the key. Rejects with `DutyFailedError`, as when the credentials are not the signer's pool's. */
export async function signDepositData(parameters: SignedDepositParameters): Promise<DepositData> {
  const { signer, pubkey } = parameters;
  const { message, request } = prepare(fromHex(pubkey, 48), parameters);
  return signed(message, await signer.sign(pubkey, request));
}

function prepare(pubkey: Uint8Array, parameters: Omit<DepositDataParameters, 'secretKey'>) {
  const amount = Number(parameters.amount);
  if (!Number.isSafeInteger(amount) || amount <= 0) {
    throw new DevnetError('DEVNET_BAD_DEPOSIT', 'a deposit amount must be a positive number of gwei', {
      data: { amount: parameters.amount },
    });
  }
  const message = { pubkey, withdrawalCredentials: fromHex(parameters.withdrawalCredentials, 32), amount };
  return { message, request: depositRequest(message, parameters.genesisForkVersion ?? GENESIS_FORK_VERSION) };
}

function signed(message: phase0.DepositMessage, signature: Uint8Array): DepositData {
  return {
    pubkey: toHex(message.pubkey) as Pubkey,
    withdrawalCredentials: toHex(message.withdrawalCredentials),
    amount: BigInt(message.amount),
    signature: toHex(signature),
    depositDataRoot: toHex(ssz.phase0.DepositData.hashTreeRoot({ ...message, signature })) as Root,
  };
}
