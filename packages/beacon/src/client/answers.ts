import type { Hex, Pubkey, Root } from '@holdfast/units';
import type { BeaconBlockHeader } from '../proofs/header.ts';
import type { PendingDeposit } from '../proofs/pendingDeposits.ts';
import type { ValidatorFields } from '../proofs/validator.ts';
import type { Answer } from './read.ts';

export interface Genesis {
  /** Seconds since 1970. */
  readonly genesisTime: number;
  readonly genesisValidatorsRoot: Root;
  readonly genesisForkVersion: Hex;
}

export interface ForkScheduleEntry {
  readonly previousVersion: Hex;
  readonly currentVersion: Hex;
  readonly epoch: number;
}

export interface HeaderAnswer {
  /** Recomputed from the header's fields, not taken from the node. */
  readonly root: Root;
  readonly canonical: boolean;
  readonly header: BeaconBlockHeader;
  readonly signature: Hex;
  readonly finalized: boolean;
  readonly executionOptimistic: boolean;
}

export const VALIDATOR_STATUSES = [
  'pending_initialized',
  'pending_queued',
  'active_ongoing',
  'active_exiting',
  'active_slashed',
  'exited_unslashed',
  'exited_slashed',
  'withdrawal_possible',
  'withdrawal_done',
] as const;
export type ValidatorStatus = (typeof VALIDATOR_STATUSES)[number];

/** What a node says of a validator. Unproven: act on it only through a proof. */
export interface ValidatorAnswer {
  readonly index: number;
  /** In gwei. */
  readonly balance: bigint;
  readonly status: ValidatorStatus;
  readonly validator: ValidatorFields;
}

export interface Checkpoint {
  readonly epoch: number;
  readonly root: Root;
}

export interface FinalityCheckpoints {
  readonly previousJustified: Checkpoint;
  readonly currentJustified: Checkpoint;
  readonly finalized: Checkpoint;
}

export function readGenesis(answer: Answer): Genesis {
  const data = answer.get('data');
  return {
    genesisTime: data.get('genesis_time').count(),
    genesisValidatorsRoot: data.get('genesis_validators_root').hex<Root>(32),
    genesisForkVersion: data.get('genesis_fork_version').hex(4),
  };
}

export function readForkSchedule(answer: Answer): ForkScheduleEntry[] {
  return answer
    .get('data')
    .items()
    .map((fork) => ({
      previousVersion: fork.get('previous_version').hex(4),
      currentVersion: fork.get('current_version').hex(4),
      epoch: readEpoch(fork.get('epoch')),
    }));
}

/** Never (2⁶⁴ − 1) becomes Infinity: such a fork is in the schedule but not planned. */
function readEpoch(answer: Answer): number {
  return answer.uint64() === 2n ** 64n - 1n ? Number.POSITIVE_INFINITY : answer.count();
}

export function readBeaconBlockHeader(message: Answer): BeaconBlockHeader {
  return {
    slot: message.get('slot').count(),
    proposerIndex: message.get('proposer_index').count(),
    parentRoot: message.get('parent_root').hex<Root>(32),
    stateRoot: message.get('state_root').hex<Root>(32),
    bodyRoot: message.get('body_root').hex<Root>(32),
  };
}

export function readHeader(answer: Answer): HeaderAnswer {
  const data = answer.get('data');
  const signed = data.get('header');
  return {
    root: data.get('root').hex<Root>(32),
    canonical: data.get('canonical').boolean(),
    header: readBeaconBlockHeader(signed.get('message')),
    signature: signed.get('signature').hex(96),
    finalized: answer.has('finalized') && answer.get('finalized').boolean(),
    executionOptimistic: answer.has('execution_optimistic') && answer.get('execution_optimistic').boolean(),
  };
}

export function readValidator(answer: Answer): ValidatorAnswer {
  const fields = answer.get('validator');
  const status = answer.get('status');
  if (!(VALIDATOR_STATUSES as readonly string[]).includes(status.text())) throw status.fail('a validator status');
  return {
    index: answer.get('index').count(),
    balance: answer.get('balance').uint64(),
    status: status.text() as ValidatorStatus,
    validator: {
      pubkey: fields.get('pubkey').hex<Pubkey>(48),
      withdrawalCredentials: fields.get('withdrawal_credentials').hex<Root>(32),
      effectiveBalance: fields.get('effective_balance').uint64(),
      slashed: fields.get('slashed').boolean(),
      activationEligibilityEpoch: fields.get('activation_eligibility_epoch').uint64(),
      activationEpoch: fields.get('activation_epoch').uint64(),
      exitEpoch: fields.get('exit_epoch').uint64(),
      withdrawableEpoch: fields.get('withdrawable_epoch').uint64(),
    },
  };
}

export function readPendingDeposits(answer: Answer): PendingDeposit[] {
  return answer
    .get('data')
    .items()
    .map((deposit) => ({
      pubkey: deposit.get('pubkey').hex<Pubkey>(48),
      withdrawalCredentials: deposit.get('withdrawal_credentials').hex<Root>(32),
      amount: deposit.get('amount').uint64(),
      signature: deposit.get('signature').hex(96),
      slot: deposit.get('slot').count(),
    }));
}

export function readFinalityCheckpoints(answer: Answer): FinalityCheckpoints {
  const data = answer.get('data');
  const checkpoint = (name: string): Checkpoint => ({
    epoch: data.get(name).get('epoch').count(),
    root: data.get(name).get('root').hex<Root>(32),
  });
  return {
    previousJustified: checkpoint('previous_justified'),
    currentJustified: checkpoint('current_justified'),
    finalized: checkpoint('finalized'),
  };
}
