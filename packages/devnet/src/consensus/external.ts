import { DOMAIN_BEACON_PROPOSER } from '@lodestar/params';
import { computeSigningRoot } from '@lodestar/state-transition';
import type { altair, bellatrix, electra, phase0 } from '@lodestar/types';
import { ssz } from '@lodestar/types';
import type { BeaconChain } from './chain.ts';
import { checkRegistration, takeContribution, takeSyncMessage } from './intake-sync.ts';
import { requireSigned, takeAggregate, takeAttestation, type VoteIntake } from './intake-votes.ts';
import { notValid, refuse } from './op-pool.ts';
import { acceptFromOthers, type BlockWishes, produceForOthers } from './proposals.ts';
import { headerOf, type UnsignedBlock } from './propose.ts';
import { rootOf } from './store.ts';
import type { DevnetBlock } from './types.ts';

// What validator clients send in and ask for. Nothing of it is believed: whatever is not valid now is refused with
// `DEVNET_BAD_OPERATION` and the reason, and what conflicts with something seen is shown to the slasher first.

export function submitAttestation(chain: BeaconChain, single: electra.SingleAttestation): void {
  refuse('attestation', () => takeAttestation(voteIntake(chain), single));
}

export function submitAggregate(chain: BeaconChain, signed: electra.SignedAggregateAndProof): void {
  refuse('aggregate', () => takeAggregate(voteIntake(chain), signed));
}

export function submitSyncMessage(chain: BeaconChain, message: altair.SyncCommitteeMessage): void {
  refuse('sync committee message', () => takeSyncMessage(syncIntake(chain), message));
}

export function submitContribution(chain: BeaconChain, signed: altair.SignedContributionAndProof): void {
  refuse('sync committee contribution', () => takeContribution(syncIntake(chain), signed));
}

export function submitRegistration(chain: BeaconChain, signed: bellatrix.SignedValidatorRegistrationV1): void {
  refuse('validator registration', () => checkRegistration(chain.state, signed));
}

/** A block of the open slot, for its proposer to sign. */
export async function produceBlock(chain: BeaconChain, slot: number, wishes: BlockWishes): Promise<UnsignedBlock> {
  const { open } = chain;
  try {
    if (!open || open.slot !== slot) throw Error(`it is slot ${chain.slot}${open ? '' : ', and it is over'}`);
    if (open.missed === null) throw Error(`slot ${slot} has its block already`);
    return await produceForOthers(chain.proposalSources(open), open, wishes);
  } catch (cause) {
    throw notValid('request for a block', cause);
  }
}

/** Makes a signed block of the open slot the head. The same block may come more than once. */
export async function publishBlock(chain: BeaconChain, block: DevnetBlock): Promise<void> {
  const { open } = chain;
  const { slot } = block.message;
  try {
    const message = headerOf(chain.state, block.message);
    if (chain.store.byRoot(rootOf(ssz.phase0.BeaconBlockHeader.hashTreeRoot(message)))) return;
    suspect(chain, { message, signature: block.signature });
    if (!open || open.slot !== slot) throw Error(`it is slot ${chain.slot}${open ? '' : ', and it is over'}`);
    if (open.missed === null) throw Error(`slot ${slot} has another block already`);
    await chain.import(await acceptFromOthers(open, block));
  } catch (cause) {
    throw notValid('block', cause);
  }
}

/** A second block of a slot cannot become part of the chain, and convicts its proposer all the same. */
function suspect(chain: BeaconChain, header: phase0.SignedBeaconBlockHeader): void {
  const { state } = chain;
  const { slot, proposerIndex } = header.message;
  if (slot > state.slot) throw Error(`slot ${slot} has not begun: it is ${state.slot}`);
  const domain = state.config.getDomain(state.slot, DOMAIN_BEACON_PROPOSER, slot);
  const signingRoot = computeSigningRoot(ssz.phase0.BeaconBlockHeader, header.message, domain);
  requireSigned('block', state, proposerIndex, signingRoot, header.signature);
  chain.watch.onHeader(header);
}

function voteIntake(chain: BeaconChain): VoteIntake {
  const { state, store, books, watch } = chain;
  return { state, store, pool: books.attestations, watch: (vote) => watch.onVotes([vote]) };
}

function syncIntake({ state, store, books }: BeaconChain) {
  return { state, store, pool: books.sync };
}
