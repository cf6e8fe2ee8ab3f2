import type { Pubkey } from '@holdfast/units';
import type { Caller } from '../../access/access.ts';
import { RefusedError } from '../../errors.ts';
import type { SigningPort } from '../ports.ts';
import { Refusal } from '../refusal.ts';

/** What the signer must know of the beacon chain to build a voluntary exit. */
export interface ExitBeaconPort {
  /** The epoch it is now. */
  currentEpoch(): Promise<bigint>;
  /** The validator's index in the registry; undefined when the chain does not know the key. */
  validatorIndex(pubkey: Pubkey): Promise<bigint | undefined>;
  /** `fork_info` as the Web3Signer API has it, of the state that the exit is for. */
  forkInfo(epoch: bigint): Promise<{
    readonly fork: { readonly previous_version: string; readonly current_version: string; readonly epoch: string };
    readonly genesis_validators_root: string;
  }>;
}

/** `SignedVoluntaryExit`, as the Beacon API takes it. */
export interface SignedVoluntaryExit {
  readonly message: { readonly epoch: string; readonly validator_index: string };
  readonly signature: string;
}

/**
 * Builds and signs a voluntary exit. It passes policy and gate like any other request, under the admin's name: a pool's
 * policy refuses it unless that name is allowed to.
 */
export async function signVoluntaryExit(
  parts: { readonly service: SigningPort; readonly beacon: ExitBeaconPort },
  pubkey: Pubkey,
  askedEpoch: bigint | undefined,
  admin: Caller,
): Promise<SignedVoluntaryExit> {
  const { service, beacon } = parts;
  const index = await beacon.validatorIndex(pubkey);
  if (index === undefined)
    throw new Refusal(404, 'the beacon chain knows no validator with this key', 'SIGNER_NO_VALIDATOR');
  const epoch = askedEpoch ?? (await beacon.currentEpoch());
  const message = { epoch: epoch.toString(), validator_index: index.toString() };
  const body = { type: 'VOLUNTARY_EXIT', fork_info: await beacon.forkInfo(epoch), voluntary_exit: message };
  const client = { ...admin, mayUse: () => true, mayAsk: (type: string) => type === 'VOLUNTARY_EXIT' };
  try {
    return { message, signature: await service.sign(pubkey, body, client) };
  } catch (error) {
    if (error instanceof RefusedError) throw new Refusal(403, error.message, error.code);
    throw error;
  }
}
