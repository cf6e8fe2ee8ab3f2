import type { ActOptions, Pool } from '@holdfast/pool';
import { PoolRevertError } from '@holdfast/pool';
import type { Hex } from '@holdfast/units';
import {
  type Account,
  type BaseError,
  HttpRequestError,
  TimeoutError,
  TransactionExecutionError,
  type WalletClient,
} from 'viem';
import type { Action } from '../decide/action.ts';
import { KeeperFeeCeilingError } from '../errors.ts';
import type { View } from '../observe/Observer.ts';
import type { ResolvedOptions } from '../options.ts';
import { bumpedFees, type Fees, feesFor, suggestedTip } from './fees.ts';
import type { Outbox, Sent } from './Outbox.ts';
import type { Performer } from './perform.ts';
import { isNonceUsed, type Refusal, refusalOf } from './refusals.ts';

/** What became of an action in this round. */
export type Delivery =
  | { readonly outcome: 'sent'; readonly hash: Hex | null; readonly nonce: number; readonly gasLimit: bigint | null }
  /** Not urgent, and the base fee is over the limit. */
  | { readonly outcome: 'postponed' }
  | { readonly outcome: Refusal; readonly error: unknown };

/** The market, and where the head is, in this round. */
export interface Round {
  readonly slot: number;
  readonly baseFeePerGas: bigint;
  readonly tip: bigint;
}

const GAS_OF_TRANSFER = 21_000n;
/** Attempts at a nonce that holds a transaction of unknown fees; each pays a quarter more. */
const TAKEOVERS_MAX = 12;

/** Sends what is decided: nonces of its own count, fees, and replacements of what is not mined in time. */
export class Courier {
  private readonly pool: Pool;
  private readonly wallet: WalletClient;
  private readonly account: Account;
  private readonly performer: Performer;
  private readonly outbox: Outbox;
  private readonly options: ResolvedOptions;

  constructor(
    pool: Pool & { readonly walletClient: WalletClient },
    account: Account,
    performer: Performer,
    outbox: Outbox,
    options: ResolvedOptions,
  ) {
    this.pool = pool;
    this.wallet = pool.walletClient;
    this.account = account;
    this.performer = performer;
    this.outbox = outbox;
    this.options = options;
  }

  async round(slot: number, baseFeePerGas: bigint): Promise<Round> {
    return { slot, baseFeePerGas, tip: this.options.priorityFeePerGas ?? (await suggestedTip(this.pool.publicClient)) };
  }

  async deliver(action: Action, view: View, round: Round): Promise<Delivery> {
    const { baseFeeWeiMax } = this.options;
    if (!action.urgent && baseFeeWeiMax !== null && round.baseFeePerGas > baseFeeWeiMax)
      return { outcome: 'postponed' };
    try {
      return await this.sendAt(this.outbox.nextNonce(round.slot), action, view, round);
    } catch (error) {
      return { outcome: refusalOf(error), error };
    }
  }

  /** Sends again, for more, what is stuck; what is no longer wanted makes way. `error` is null for what was sent. */
  async replaceStuck(view: View, round: Round): Promise<{ readonly key: string; readonly error: unknown }[]> {
    const replaced: { key: string; error: unknown }[] = [];
    for (const sent of this.outbox.stuck(round.slot)) {
      const { key } = sent.action;
      const fees = bumpedFees(sent.fees, this.market(round), this.options.maxFeePerGasMax);
      if (fees === null) {
        replaced.push({ key, error: new KeeperFeeCeilingError({ data: { key, sent: sent.fees.maxFeePerGas } }) });
        continue;
      }
      const error = await this.replace(sent, fees, view, round);
      if (!isNonceUsed(error)) replaced.push({ key, error }); // else it was mined in this very moment
    }
    return replaced;
  }

  private async sendAt(nonce: number, action: Action, view: View, round: Round): Promise<Delivery> {
    let fees = this.market(round);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { hash, gasLimit } = await this.performer.perform(action, view, this.actOptions(nonce, fees));
        this.outbox.record({ action, nonce, fees, slot: round.slot, hashes: hash ? [hash] : [] });
        return { outcome: 'sent', hash, nonce, gasLimit };
      } catch (error) {
        if (mayBeAccepted(error)) {
          this.outbox.record({ action, nonce, fees, slot: round.slot, hashes: [] });
          return { outcome: 'sent', hash: null, nonce, gasLimit: null };
        }
        const higher = isUnderpriced(error) ? bumpedFees(fees, fees, this.options.maxFeePerGasMax) : null;
        if (higher === null || attempt >= TAKEOVERS_MAX) throw error;
        fees = higher;
      }
    }
  }

  private async replace(sent: Sent, fees: Fees, view: View, round: Round): Promise<unknown> {
    const { action, nonce } = sent;
    try {
      const { hash } = await this.performer.perform(action, view, this.actOptions(nonce, fees));
      this.outbox.record({ ...sent, fees, slot: round.slot, hashes: hash ? [hash] : [] });
      return null;
    } catch (error) {
      if (!(error instanceof PoolRevertError)) return error;
    }
    try {
      const to = this.account.address;
      const request = {
        account: this.account,
        chain: this.wallet.chain ?? null,
        to,
        nonce,
        gas: GAS_OF_TRANSFER,
        ...fees,
      };
      const hash = await this.wallet.sendTransaction(request);
      this.outbox.record({ ...sent, fees, slot: round.slot, hashes: [hash], cancelled: hash });
      return null;
    } catch (error) {
      return error;
    }
  }

  private actOptions(nonce: number, fees: Fees): ActOptions {
    return { account: this.account, wait: false, nonce, ...fees };
  }

  private market({ baseFeePerGas, tip }: Round): Fees {
    return feesFor(baseFeePerGas, tip, this.options.maxFeePerGasMax);
  }
}

/** The transaction left, and whether the node took it is not known: its nonce will tell. */
function mayBeAccepted(error: unknown): boolean {
  if (!(error instanceof TransactionExecutionError)) return false;
  const lost = error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError);
  return lost !== null || /already known|already imported|known transaction/i.test(textOf(error));
}

/** The nonce holds a transaction that pays more. */
const isUnderpriced = (error: unknown): boolean =>
  error instanceof TransactionExecutionError && /underpriced|replacement/i.test(textOf(error));

const textOf = (error: BaseError): string => `${error.details} ${error.shortMessage}`;
