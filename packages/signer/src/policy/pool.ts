import { fromHex, type Hex, toHex } from '@holdfast/units';
import { RefusedError, SignerConfigError } from '../errors.ts';
import type { BlockRequest, SignRequest } from '../requests/types.ts';
import type { Policy, PolicyContext } from '../service.ts';
import { findFeeRecipient } from './fee-recipient.ts';

/** What a pool's keys may sign. Addresses and credentials in hex, of either case. */
export interface PoolPolicyOptions {
  /** Withdrawal credentials that a DEPOSIT may name, 32 bytes each (`vaultCredentials`); none: no deposit is signed. */
  readonly withdrawalCredentials: readonly Hex[];
  /** Fee recipients that a VALIDATOR_REGISTRATION, or a block that shows its own, may name; none: all of them are refused. */
  readonly feeRecipients: readonly Hex[];
  /**
   * A header-form block (Bellatrix on) does not show its fee recipient. True: it is signed only with a Merkle proof of
   * it (`proofs`, as Nimbus sends with `--verifying-web3-signer-url`). False: a header without proof is signed on trust;
   * one with a proof is still held to it.
   */
  readonly requireProvenFeeRecipient: boolean;
  /** The names of the clients that may have a VOLUNTARY_EXIT signed; none: no exit is signed. */
  readonly voluntaryExitClients: 'all' | readonly string[];
}

/** `0x02` or `0x01`, eleven zero bytes, and the vault's address: what binds a validator's withdrawals to it (EIP-7251). */
export const vaultCredentials = (vault: Hex, prefix: '0x01' | '0x02' = '0x02'): Hex =>
  `${prefix}${'00'.repeat(11)}${toHex(fromHex(vault, 20)).slice(2)}`;

/**
 * Refuses what would take a pool's money elsewhere: a deposit that withdraws to someone else, a registration or block
 * that pays someone else, an exit that nobody allowed.
 *
 * What it cannot see. A block whose fees go to a builder, who pays the proposer by a transaction at its end, shows the
 * builder as fee recipient: with `requireProvenFeeRecipient` such blocks are refused, and only relays whose payloads name
 * the proposer's fee recipient can be used. From Gloas on the block commits to a bid; the recipient proven is the one the
 * builder must pay, while the payload of a proposer who builds alone names its own in the envelope, which is not signed
 * here.
 *
 * Rules named: `deposit-credentials`, `registration-fee-recipient`, `block-fee-recipient`, `block-fee-recipient-proof`,
 * `block-fee-recipient-unproven`, `voluntary-exit`.
 *
 * @throws SignerConfigError when an option is no address or no credentials
 */
export function poolPolicy(options: PoolPolicyOptions): Policy {
  const credentials = setOf(options.withdrawalCredentials, 32, 'withdrawalCredentials');
  const recipients = setOf(options.feeRecipients, 20, 'feeRecipients');
  return {
    check(request, context) {
      switch (request.type) {
        case 'DEPOSIT':
          return checkDeposit(request.withdrawalCredentials, credentials);
        case 'VALIDATOR_REGISTRATION':
          return checkRegistration(request.feeRecipient, recipients);
        case 'BLOCK':
        case 'BLOCK_V2':
          return checkBlock(request, recipients, options.requireProvenFeeRecipient);
        case 'VOLUNTARY_EXIT':
          return checkExit(request, context, options.voluntaryExitClients);
        default:
          return;
      }
    },
  };
}

function setOf(values: readonly Hex[], length: number, option: string): ReadonlySet<Hex> {
  return new Set(
    values.map((value) => {
      try {
        return toHex(fromHex(value, length));
      } catch (cause) {
        throw new SignerConfigError(`${option} must be 0x and ${length} bytes in hex`, {
          data: { option, value },
          cause,
        });
      }
    }),
  );
}

function checkDeposit(sent: Uint8Array, allowed: ReadonlySet<Hex>): void {
  const credentials = toHex(sent);
  if (allowed.has(credentials)) return;
  throw new RefusedError('deposit-credentials', "the deposit would withdraw to someone else than the pool's vault", {
    data: { credentials, allowed: [...allowed] },
    fix: "Make the deposit data with the pool's withdrawal credentials",
  });
}

function checkRegistration(sent: Uint8Array, allowed: ReadonlySet<Hex>): void {
  const feeRecipient = toHex(sent);
  if (allowed.has(feeRecipient)) return;
  throw new RefusedError('registration-fee-recipient', 'builders would pay someone else than the pool', {
    data: { feeRecipient, allowed: [...allowed] },
    fix: "Set the pool's fee recipient in the validator client",
  });
}

function checkBlock(request: BlockRequest, allowed: ReadonlySet<Hex>, requireProof: boolean): void {
  const finding = findFeeRecipient(request, allowed);
  const data = { slot: request.header.slot, fork: request.version };
  switch (finding.kind) {
    case 'proven':
    case 'none':
      return;
    case 'other':
      throw new RefusedError('block-fee-recipient', 'the block pays someone else than the pool', {
        data: { ...data, feeRecipient: finding.recipient, allowed: [...allowed] },
        fix: "Set the pool's fee recipient in the validator client",
      });
    case 'invalid':
      throw new RefusedError('block-fee-recipient-proof', 'no allowed fee recipient stands where the proof says', {
        data: { ...data, allowed: [...allowed] },
        fix: "Set the pool's fee recipient in the validator client; use relays whose payloads name it",
      });
    case 'absent':
      if (!requireProof) return;
      throw new RefusedError('block-fee-recipient-unproven', "the block's fee recipient is not proven", {
        data,
        fix: 'Let the client send proofs of .execution_payload.fee_recipient, or set requireProvenFeeRecipient to false',
      });
  }
}

function checkExit(request: SignRequest, { client, pubkey }: PolicyContext, clients: 'all' | readonly string[]): void {
  if (clients === 'all' || clients.includes(client.name)) return;
  throw new RefusedError('voluntary-exit', `client ${client.name} may not have exits signed`, {
    data: { pubkey, type: request.type, client: client.name },
    fix: 'Allow the client for as long as the exit takes, if the validator should leave',
  });
}
