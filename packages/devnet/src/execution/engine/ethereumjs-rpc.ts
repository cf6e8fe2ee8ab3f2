import type { EthereumClient } from '@ethereumjs/client/dist/esm/src/client.js';
import type { Hex } from '@holdfast/units';
import type { RpcCall } from '../dev-wallet.ts';
import { ExecutionRpcError, RPC_CODE } from '../errors.ts';
import { refuseAboveGasCap, withGas } from '../gas-cap.ts';
import { estimateGas } from './ethereumjs-estimate.ts';
import { EthereumjsTransactions } from './ethereumjs-transactions.ts';

/** 1 gwei: what geth suggests on an idle chain. */
const PRIORITY_FEE: Hex = '0x3b9aca00';
const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;

/**
 * What @ethereumjs/client 0.10 answers otherwise than geth, made standard: it has no `eth_maxPriorityFeePerGas`; its gas
 * estimates ignore reverts, refunds and the 1/64 rule; it miscounts pending nonces; it finds new transactions late and
 * prices them wrongly (`EthereumjsTransactions`); it does not know EIP-7825.
 */
export function withStandardAnswers(node: RpcCall, client: EthereumClient): RpcCall {
  const transactions = new EthereumjsTransactions(node, client);
  return async (method, params) => {
    switch (method) {
      case 'eth_maxPriorityFeePerGas':
        return PRIORITY_FEE;
      case 'eth_estimateGas':
        return quantity(await estimateGas(client, withGas(method, params)[0], params[1]));
      case 'eth_call':
        return node(method, withGas(method, params));
      case 'eth_getTransactionCount':
        return params[1] === 'pending' ? pendingNonce(node, client, params[0]) : node(method, params);
      case 'eth_sendRawTransaction':
        refuseAboveGasCap(params[0]);
        return node(method, params).catch(asInvalidInput);
      case 'eth_getTransactionByHash':
        return transactions.transaction(hashParam(params[0]));
      case 'eth_getTransactionReceipt':
        return transactions.receipt(hashParam(params[0]));
      case 'eth_getBlockReceipts': {
        const block = await blockOf(node, params[0]);
        return block ? transactions.receipts(block.hash) : null;
      }
      default:
        return node(method, params);
    }
  };
}

async function blockOf(node: RpcCall, block: unknown): Promise<{ hash: Hex } | null> {
  const method = typeof block === 'string' && block.length === 66 ? 'eth_getBlockByHash' : 'eth_getBlockByNumber';
  return (await node(method, [block, false])) as { hash: Hex } | null;
}

/** The first nonce that neither the chain nor an unbroken run in the pool has used. */
async function pendingNonce(node: RpcCall, client: EthereumClient, address: unknown): Promise<Hex> {
  const used = BigInt((await node('eth_getTransactionCount', [address, 'latest'])) as Hex);
  const pooled = client.service.txPool.pool.get(String(address).slice(2).toLowerCase()) ?? [];
  const nonces = new Set(pooled.map(({ tx }) => tx.nonce));
  let next = used;
  while (nonces.has(next)) next += 1n;
  return quantity(next);
}

function hashParam(hash: unknown): Hex {
  if (typeof hash === 'string' && /^0x[0-9a-fA-F]{64}$/.test(hash)) return hash.toLowerCase() as Hex;
  throw new ExecutionRpcError(RPC_CODE.invalidParams, 'the first parameter must be a transaction hash');
}

/** A refusal by the pool is EIP-1474's -32000, and its words are geth's, which wallets look for. */
function asInvalidInput(refusal: unknown): never {
  if (!(refusal instanceof ExecutionRpcError)) throw refusal;
  const message = refusal.rpcMessage.replace('insufficient balance', 'insufficient funds for gas * price + value');
  throw new ExecutionRpcError(RPC_CODE.invalidInput, message, refusal.rpcData, 'eth_sendRawTransaction');
}
