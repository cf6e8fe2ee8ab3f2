import { createProof, ProofType } from '@chainsafe/persistent-merkle-tree';
import { fromHex, type Hex, type Root, toHex } from '@holdfast/units';
import {
  DOMAIN_AGGREGATE_AND_PROOF,
  DOMAIN_APPLICATION_BUILDER,
  DOMAIN_BEACON_ATTESTER,
  DOMAIN_BEACON_PROPOSER,
  DOMAIN_CONTRIBUTION_AND_PROOF,
  DOMAIN_DEPOSIT,
  DOMAIN_RANDAO,
  DOMAIN_SELECTION_PROOF,
  DOMAIN_SYNC_COMMITTEE,
  DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  DOMAIN_VOLUNTARY_EXIT,
  SLOTS_PER_EPOCH,
} from '@lodestar/params';
import { computeDomain, computeSigningRoot } from '@lodestar/state-transition';
import { ssz } from '@lodestar/types';
import { FORKS, type Fork, type SignType } from '../src/requests/types.ts';
import type { Network } from '../src/roots/signing-root.ts';
import { type Random, randomBytes, randomOf } from './requests-values.ts';

// Valid requests of every type and fork, each with the signing root that Lodestar's types and state transition give it:
// none of the code under test has a part in them.

export const GVR = `0x${'1f'.repeat(32)}` as Root;
export const NETWORK: Network = {
  genesisValidatorsRoot: GVR,
  genesisForkVersion: '0x10000910',
  capellaForkVersion: '0x40000910',
};
const FORK = { previous_version: '0x50000910', current_version: '0x60000910', epoch: 1000 };
/** An epoch on either side of the fork in `fork_info`. */
const EPOCHS = [999, 1000];

export type Json = Record<string, unknown>;
export interface Sample {
  readonly name: string;
  readonly type: SignType;
  readonly body: Json;
  readonly signingRoot: Uint8Array;
}

export const forkInfo = (): Json => ({
  fork: { ...FORK, epoch: String(FORK.epoch) },
  genesis_validators_root: GVR,
});

const domainAt = (type: Uint8Array, epoch: number): Uint8Array =>
  computeDomain(
    type,
    fromHex(epoch < FORK.epoch ? FORK.previous_version : FORK.current_version),
    new Uint8Array(fromHex(GVR)),
  );

/** One valid request of each type and version, at `epoch`. */
export function samplesAt(epoch: number, random: Random): Sample[] {
  const slot = epoch * SLOTS_PER_EPOCH + (random() % SLOTS_PER_EPOCH);
  return [
    ...blocks(slot, epoch, random),
    ...duties(slot, epoch, random),
    ...aggregates(slot, epoch, random),
    ...syncDuties(slot, epoch, random),
    ...unforked(random),
  ];
}

/** The same on both sides of the fork. */
export const samples = (random: Random): Sample[] => EPOCHS.flatMap((epoch) => samplesAt(epoch, random));

function blocks(slot: number, epoch: number, random: Random): Sample[] {
  const domain = domainAt(DOMAIN_BEACON_PROPOSER, epoch);
  return FORKS.flatMap((fork): Sample[] => {
    const { BeaconBlock } = ssz[fork];
    const block = { ...randomOf(BeaconBlock, random), slot };
    const signingRoot = computeSigningRoot(BeaconBlock as typeof ssz.phase0.BeaconBlock, block as never, domain);
    const full = BeaconBlock.toJson(block as never) as Json;
    const common = { type: 'BLOCK_V2', fork_info: forkInfo() };
    const v2 = (content: Json): Sample => ({
      name: `BLOCK_V2 ${fork}`,
      type: 'BLOCK_V2',
      body: { ...common, beacon_block: { version: fork.toUpperCase(), ...content } },
      signingRoot,
    });
    if (fork === 'phase0') {
      const old = { type: 'BLOCK', fork_info: forkInfo(), block: full };
      return [{ name: 'BLOCK', type: 'BLOCK', body: old, signingRoot }, v2({ block: full })];
    }
    return [v2(fork === 'altair' ? { block: full } : { block_header: headerOf(fork, full, block.body) })];
  });
}

/** A block's header form, as clients send it. */
export function headerOf(fork: Fork, block: Json, body: unknown): Json {
  const { body: _body, ...rest } = block;
  return { ...rest, body_root: toHex(ssz[fork].BeaconBlockBody.hashTreeRoot(body as never)) };
}

/** A header of `fork` whose body pays `feeRecipient`, and Nimbus' proof of it. */
export function provenBlock(fork: Exclude<Fork, 'phase0' | 'altair'>, feeRecipient: Hex, random: Random) {
  const { BeaconBlock, BeaconBlockBody } = ssz[fork];
  const block = randomOf(BeaconBlock as typeof ssz.deneb.BeaconBlock, random) as unknown as {
    slot: number;
    body: {
      executionPayload: { feeRecipient: Uint8Array };
      signedExecutionPayloadBid: { message: { feeRecipient: Uint8Array } };
    };
  };
  const [holder, path] =
    fork === 'gloas'
      ? [block.body.signedExecutionPayloadBid.message, ['signedExecutionPayloadBid', 'message', 'feeRecipient']]
      : [block.body.executionPayload, ['executionPayload', 'feeRecipient']];
  holder.feeRecipient = fromHex(feeRecipient);
  block.slot = 8000;
  const tree = (BeaconBlockBody as typeof ssz.deneb.BeaconBlockBody).toView(block.body as never).node;
  const { gindex } = (BeaconBlockBody as typeof ssz.deneb.BeaconBlockBody).getPathInfo(path);
  const proof = createProof(tree, { type: ProofType.single, gindex });
  if (proof.type !== ProofType.single) throw new Error('not a single proof');
  return {
    gindex,
    proof: { index: gindex.toString(), proof: proof.witnesses.map((node) => toHex(node)) },
    body: {
      type: 'BLOCK_V2',
      fork_info: forkInfo(),
      beacon_block: {
        version: fork.toUpperCase(),
        block_header: headerOf(fork, BeaconBlock.toJson(block as never) as Json, block.body),
      },
    } as Json,
  };
}

/** A blinded block with the same header as its full form: the payload's header stands where the payload would. */
export function blindedBodyRoot(fork: 'bellatrix' | 'capella' | 'deneb' | 'electra' | 'fulu', random: Random) {
  const type = ssz[fork].BlindedBeaconBlockBody as typeof ssz.deneb.BlindedBeaconBlockBody;
  const body = randomOf(type, random);
  const { gindex } = type.getPathInfo(['executionPayloadHeader', 'feeRecipient']);
  const proof = createProof(type.toView(body).node, { type: ProofType.single, gindex });
  if (proof.type !== ProofType.single) throw new Error('not a single proof');
  return {
    gindex,
    bodyRoot: type.hashTreeRoot(body),
    feeRecipient: toHex(body.executionPayloadHeader.feeRecipient),
    branch: proof.witnesses,
  };
}

function duties(slot: number, epoch: number, random: Random): Sample[] {
  const data = { ...randomOf(ssz.phase0.AttestationData, random), slot };
  data.target.epoch = epoch;
  data.source.epoch = epoch - 1;
  const exit = { epoch, validatorIndex: random() };
  const exitDomain = computeDomain(DOMAIN_VOLUNTARY_EXIT, fromHex(NETWORK.capellaForkVersion!), fromHex(GVR));
  const fork_info = forkInfo();
  const of = (type: SignType, content: Json, signingRoot: Uint8Array): Sample => ({
    name: type,
    type,
    body: { type, fork_info, ...content },
    signingRoot,
  });
  return [
    of(
      'ATTESTATION',
      { attestation: ssz.phase0.AttestationData.toJson(data) },
      computeSigningRoot(ssz.phase0.AttestationData, data, domainAt(DOMAIN_BEACON_ATTESTER, epoch)),
    ),
    of(
      'AGGREGATION_SLOT',
      { aggregation_slot: { slot: String(slot) } },
      computeSigningRoot(ssz.Slot, slot, domainAt(DOMAIN_SELECTION_PROOF, epoch)),
    ),
    of(
      'RANDAO_REVEAL',
      { randao_reveal: { epoch: String(epoch) } },
      computeSigningRoot(ssz.Epoch, epoch, domainAt(DOMAIN_RANDAO, epoch)),
    ),
    of(
      'VOLUNTARY_EXIT',
      { voluntary_exit: ssz.phase0.VoluntaryExit.toJson(exit) },
      computeSigningRoot(ssz.phase0.VoluntaryExit, exit, exitDomain),
    ),
  ];
}

function aggregates(slot: number, epoch: number, random: Random): Sample[] {
  const domain = domainAt(DOMAIN_AGGREGATE_AND_PROOF, epoch);
  const of = (type: SignType, fork: Fork): Sample => {
    const aggregateType = ssz[fork].AggregateAndProof as typeof ssz.electra.AggregateAndProof;
    const message = randomOf(aggregateType, random);
    message.aggregate.data.slot = slot;
    const data = aggregateType.toJson(message);
    return {
      name: `${type} ${fork}`,
      type,
      body: {
        type,
        fork_info: forkInfo(),
        aggregate_and_proof: type === 'AGGREGATE_AND_PROOF' ? data : { version: fork.toUpperCase(), data },
      },
      signingRoot: computeSigningRoot(aggregateType, message, domain),
    };
  };
  return [of('AGGREGATE_AND_PROOF', 'phase0'), ...FORKS.map((fork) => of('AGGREGATE_AND_PROOF_V2', fork))];
}

function syncDuties(slot: number, epoch: number, random: Random): Sample[] {
  const beaconBlockRoot = randomBytes(random, 32);
  const selection = { slot, subcommitteeIndex: random() % 4 };
  const contribution = randomOf(ssz.altair.ContributionAndProof, random);
  contribution.contribution.slot = slot;
  const fork_info = forkInfo();
  const of = (type: SignType, content: Json, signingRoot: Uint8Array): Sample => ({
    name: type,
    type,
    body: { type, fork_info, ...content },
    signingRoot,
  });
  return [
    of(
      'SYNC_COMMITTEE_MESSAGE',
      { sync_committee_message: { beacon_block_root: toHex(beaconBlockRoot), slot: String(slot) } },
      computeSigningRoot(ssz.Root, beaconBlockRoot, domainAt(DOMAIN_SYNC_COMMITTEE, epoch)),
    ),
    of(
      'SYNC_COMMITTEE_SELECTION_PROOF',
      { sync_aggregator_selection_data: ssz.altair.SyncAggregatorSelectionData.toJson(selection) },
      computeSigningRoot(
        ssz.altair.SyncAggregatorSelectionData,
        selection,
        domainAt(DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF, epoch),
      ),
    ),
    of(
      'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF',
      { contribution_and_proof: ssz.altair.ContributionAndProof.toJson(contribution) },
      computeSigningRoot(ssz.altair.ContributionAndProof, contribution, domainAt(DOMAIN_CONTRIBUTION_AND_PROOF, epoch)),
    ),
  ];
}

function unforked(random: Random): Sample[] {
  const deposit = randomOf(ssz.phase0.DepositMessage, random);
  const registration = randomOf(ssz.bellatrix.ValidatorRegistrationV1, random);
  const genesis = fromHex(NETWORK.genesisForkVersion);
  return [
    {
      name: 'DEPOSIT',
      type: 'DEPOSIT',
      body: {
        type: 'DEPOSIT',
        deposit: { ...(ssz.phase0.DepositMessage.toJson(deposit) as Json), genesis_fork_version: '0x00000001' },
      },
      signingRoot: computeSigningRoot(
        ssz.phase0.DepositMessage,
        deposit,
        computeDomain(DOMAIN_DEPOSIT, fromHex('0x00000001'), new Uint8Array(32)),
      ),
    },
    {
      name: 'VALIDATOR_REGISTRATION',
      type: 'VALIDATOR_REGISTRATION',
      body: {
        type: 'VALIDATOR_REGISTRATION',
        validator_registration: ssz.bellatrix.ValidatorRegistrationV1.toJson(registration),
      },
      signingRoot: computeSigningRoot(
        ssz.bellatrix.ValidatorRegistrationV1,
        registration,
        computeDomain(DOMAIN_APPLICATION_BUILDER, genesis, new Uint8Array(32)),
      ),
    },
  ];
}
