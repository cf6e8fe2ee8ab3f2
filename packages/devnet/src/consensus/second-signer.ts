import { type Hex, type Pubkey, toHex } from '@holdfast/units';
import { isSlashableValidator } from '@lodestar/state-transition';
import { type electra, type phase0, ssz } from '@lodestar/types';
import { DevnetError } from '../errors.ts';
import { attestationRequest, blockRequest } from '../signing/requests.ts';
import type { DutyRoster } from '../signing/roster.ts';
import { around, indexOf } from './attest.ts';
import type { EquivocationKind, Fault, FaultBook } from './faults.ts';
import { otherBody } from './propose.ts';
import type { Slasher } from './slasher.ts';
import { type DevnetState, edited } from './types.ts';

// What most slashings come from: a validator client signs in one place, and in another a copy of its key is still alive,
// on a machine that nobody switched off. The client does nothing wrong, and nothing that it does could prevent it. The
// devnet plays the other place, with the keys that it was given before it handed the duties over.

type AttestationData = phase0.AttestationData;
type Header = phase0.BeaconBlockHeader;

export interface SecondSigner {
  readonly state: DevnetState;
  readonly roster: DutyRoster;
  readonly faults: FaultBook;
  readonly slasher: Slasher;
}

/**
 * Votes by copies: each contradicts the last vote that its validator was seen to cast. Where none was seen, the copy
 * contradicts itself. `vote` is what an honest validator votes for in this slot.
 */
export function votesOfCopies(second: SecondSigner, vote: AttestationData): electra.IndexedAttestation[] {
  const seated = seatedIn(second.state);
  return (['doubleVote', 'surroundVote'] as const).flatMap((kind) =>
    armed(second, kind, seated).flatMap(({ index, pubkey }) => {
      const last = second.slasher.lastVote(index);
      const signed = kind === 'doubleVote' ? doubled(last, vote) : surrounding(second.state, last, vote);
      if (signed.length > 0) second.faults.committed(kind, [pubkey]);
      return signed.map((data) => signVote(second, index, pubkey, data));
    }),
  );
}

/** The same for blocks, by copies that do not wait for their validator's turn. `head` is the newest block's header. */
export function headersOfCopies(second: SecondSigner, head: Header): phase0.SignedBeaconBlockHeader[] {
  const { state, slasher, faults } = second;
  return armed(second, 'doubleProposal', new Set()).flatMap(({ index, pubkey }) => {
    const last = slasher.lastHeader(index);
    const own = last ?? edited(head, { slot: state.slot, proposerIndex: index });
    faults.committed('doubleProposal', [pubkey]);
    return [...(last ? [] : [own]), otherBody(own)].map((message) => signHeaderByCopy(second, pubkey, message));
  });
}

export function signHeaderByCopy(
  { state, roster }: Pick<SecondSigner, 'state' | 'roster'>,
  pubkey: Pubkey,
  message: Header,
): phase0.SignedBeaconBlockHeader {
  return { message, signature: roster.keys.sign(pubkey, blockRequest(state.config, message).signingRoot) };
}

/**
 * What cannot be done to validators that a client drives is refused when it is asked for.
 *
 * @throws DevnetError `DEVNET_EXTERNAL`, `DEVNET_KEY_UNKNOWN`
 */
export function requireInjectable(roster: DutyRoster, { kind }: Fault, pubkeys: readonly Pubkey[]): void {
  for (const pubkey of pubkeys) {
    if (roster.performerOf(pubkey) !== 'external') continue;
    if (isEquivocation(kind)) roster.keys.require(pubkey);
    if (kind !== 'offline') continue;
    throw new DevnetError(
      'DEVNET_EXTERNAL',
      'a validator client performs these duties, and the devnet cannot stop it',
      {
        data: { pubkey },
        fix: 'Stop the client: of a cluster, kill, freeze or cut off enough of its nodes',
      },
    );
  }
}

/** What a fault means where a validator client is at work, for people; null where none is. */
export function noteOn(roster: DutyRoster, { kind }: Fault, pubkeys: readonly Pubkey[]): string | null {
  if (!pubkeys.some((pubkey) => roster.performerOf(pubkey) === 'external')) return null;
  if (isEquivocation(kind)) return 'a copy of the key, alive in a second place, contradicts what its client signed';
  if (kind !== 'wrongFeeRecipient') return null;
  return 'the client is offered blocks that pay elsewhere; one that checks what it signs signs none of them';
}

const isEquivocation = (kind: Fault['kind']): kind is EquivocationKind =>
  kind === 'doubleVote' || kind === 'surroundVote' || kind === 'doubleProposal';

interface Copy {
  readonly index: number;
  readonly pubkey: Pubkey;
}

/** The copies that commit this fault now: those told to at once, and those whose validator has its turn. */
function armed({ state, roster, faults }: SecondSigner, kind: EquivocationKind, turn: ReadonlySet<Hex>): Copy[] {
  const pubkeys = [...faults.atOnce(kind), ...[...turn].filter((pubkey) => faults.atDuty(kind, pubkey))];
  return pubkeys.flatMap((pubkey) => {
    const index = roster.holdsCopy(pubkey) ? indexOf(state, pubkey) : null;
    if (index === null) return [];
    if (!isSlashableValidator(state.validators.getReadonly(index), state.epochCtx.epoch)) return [];
    return [{ index, pubkey: pubkey as Pubkey }];
  });
}

/** Who votes in this slot. */
function seatedIn({ slot, epochCtx, validators }: DevnetState): Set<Hex> {
  const committees = Array.from({ length: epochCtx.getCommitteeCountPerSlot(epochCtx.epoch) }, (_, i) => i);
  const indices = committees.flatMap((committee) => [...epochCtx.getBeaconCommittee(slot, committee)]);
  return new Set(indices.map((index) => toHex(validators.getReadonly(index).pubkey)));
}

/** For another head, which only the other place has seen. */
function doubled(last: AttestationData | undefined, vote: AttestationData): AttestationData[] {
  const data = last ?? vote;
  const other = edited(data, { beaconBlockRoot: ssz.phase0.AttestationData.hashTreeRoot(data) });
  return last ? [other] : [data, other];
}

/** Nothing surrounds a vote whose source is genesis: then the copy waits. */
function surrounding(state: DevnetState, last: AttestationData | undefined, vote: AttestationData): AttestationData[] {
  if (last && last.source.epoch > 0) return [around(state, last)];
  return vote.source.epoch > 0 ? [vote, around(state, vote)] : [];
}

function signVote(
  { state, roster }: SecondSigner,
  index: number,
  pubkey: Pubkey,
  data: AttestationData,
): electra.IndexedAttestation {
  const signature = roster.keys.sign(pubkey, attestationRequest(state.config, data).signingRoot);
  return { attestingIndices: [index], data, signature };
}
