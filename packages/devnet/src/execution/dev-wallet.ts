import type { Hex } from '@holdfast/units';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import type { GenesisAccount } from './dev-accounts.ts';
import { ExecutionRpcError, RPC_CODE } from './errors.ts';

export type RpcCall = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** The transaction object of `eth_sendTransaction`: quantities as hex, everything but `from` optional. */
interface TransactionRequest {
  readonly from?: string;
  readonly to?: Hex | null;
  readonly data?: Hex;
  readonly input?: Hex;
  readonly value?: Hex;
  readonly gas?: Hex;
  readonly nonce?: Hex;
  readonly gasPrice?: Hex;
  readonly maxFeePerGas?: Hex;
  readonly maxPriorityFeePerGas?: Hex;
  readonly accessList?: readonly { address: Hex; storageKeys: readonly Hex[] }[];
}

/**
 * Plays the wallet of the devnet's own accounts: the methods for which a node would need unlocked keys are answered
 * here by signing locally, so that they work alike on every adapter; everything else goes on to `inner`.
 */
export function withDevWallet(inner: RpcCall, chainId: number, accounts: readonly GenesisAccount[]): RpcCall {
  const signers = new Map<string, PrivateKeyAccount>();
  for (const { privateKey } of accounts) {
    if (privateKey === undefined) continue;
    const signer = privateKeyToAccount(privateKey);
    signers.set(signer.address.toLowerCase(), signer);
  }
  // One sender's transactions are numbered one after the other, or two would take the same nonce.
  const turns = new Map<string, Promise<unknown>>();

  const signerOf = (address: unknown): PrivateKeyAccount => {
    const signer = typeof address === 'string' ? signers.get(address.toLowerCase()) : undefined;
    if (signer) return signer;
    throw new ExecutionRpcError(RPC_CODE.invalidInput, `unknown account ${String(address)}: sign it yourself`);
  };

  const send = async (request: TransactionRequest): Promise<unknown> => {
    const signer = signerOf(request.from);
    const turn = (turns.get(signer.address) ?? Promise.resolve())
      .catch(() => undefined)
      .then(async () => inner('eth_sendRawTransaction', [await signTransaction(inner, chainId, signer, request)]));
    turns.set(signer.address, turn);
    return turn;
  };

  return async (method, params) => {
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [...signers.values()].map((signer) => signer.address.toLowerCase());
      case 'eth_sendTransaction':
        return send(objectParam<TransactionRequest>(params[0]));
      case 'eth_sign':
        return signerOf(params[0]).signMessage({ message: { raw: hexParam(params[1]) } });
      case 'personal_sign':
        return signerOf(params[1]).signMessage({ message: { raw: hexParam(params[0]) } });
      case 'eth_signTypedData_v4':
        return signerOf(params[0]).signTypedData(typedDataParam(params[1]));
      default:
        return inner(method, params);
    }
  };
}

async function signTransaction(
  inner: RpcCall,
  chainId: number,
  signer: PrivateKeyAccount,
  request: TransactionRequest,
): Promise<Hex> {
  const data = request.data ?? request.input;
  const call = {
    from: signer.address,
    ...(request.to ? { to: request.to } : {}),
    ...(data === undefined ? {} : { data }),
    ...(request.value === undefined ? {} : { value: request.value }),
  };
  const nonce = request.nonce ?? (await inner('eth_getTransactionCount', [signer.address, 'pending']));
  const gas = request.gas ?? (await inner('eth_estimateGas', [call, 'latest']));
  const common = {
    chainId,
    nonce: Number(quantity(nonce)),
    gas: quantity(gas),
    value: quantity(request.value ?? '0x0'),
    ...(request.to ? { to: request.to } : {}),
    ...(data === undefined ? {} : { data }),
    ...(request.accessList === undefined ? {} : { accessList: request.accessList }),
  };
  if (request.gasPrice !== undefined) {
    const gasPrice = quantity(request.gasPrice);
    return request.accessList === undefined
      ? signer.signTransaction({ ...common, type: 'legacy', gasPrice, accessList: undefined })
      : signer.signTransaction({ ...common, type: 'eip2930', gasPrice });
  }
  const tip = quantity(request.maxPriorityFeePerGas ?? (await inner('eth_maxPriorityFeePerGas', [])));
  const maxFeePerGas =
    request.maxFeePerGas === undefined ? 2n * (await baseFee(inner)) + tip : quantity(request.maxFeePerGas);
  const maxPriorityFeePerGas = tip < maxFeePerGas ? tip : maxFeePerGas;
  return signer.signTransaction({ ...common, type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas });
}

async function baseFee(inner: RpcCall): Promise<bigint> {
  const block = await inner('eth_getBlockByNumber', ['latest', false]);
  return quantity((block as { baseFeePerGas?: unknown }).baseFeePerGas);
}

function quantity(value: unknown): bigint {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value)) return BigInt(value);
  throw new ExecutionRpcError(RPC_CODE.invalidParams, `not a hex quantity: ${JSON.stringify(value)}`);
}

function objectParam<T extends object>(value: unknown): T {
  if (typeof value === 'object' && value !== null) return value as T;
  throw new ExecutionRpcError(RPC_CODE.invalidParams, 'the first parameter must be an object');
}

function hexParam(value: unknown): Hex {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]*$/.test(value)) return value as Hex;
  throw new ExecutionRpcError(RPC_CODE.invalidParams, 'the message must be hex');
}

type TypedData = Parameters<PrivateKeyAccount['signTypedData']>[0];

function typedDataParam(value: unknown): TypedData {
  try {
    return objectParam<TypedData>(typeof value === 'string' ? JSON.parse(value) : value);
  } catch (cause) {
    if (cause instanceof ExecutionRpcError) throw cause;
    throw new ExecutionRpcError(RPC_CODE.invalidParams, 'the typed data is not JSON');
  }
}
