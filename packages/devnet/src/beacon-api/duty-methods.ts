import { toHex } from '@holdfast/units';
import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { ApiError } from '@lodestar/api/server';
import { ForkSeq, SYNC_COMMITTEE_SUBNET_COUNT } from '@lodestar/params';
import { type electra, ProducedBlockSource } from '@lodestar/types';
import { honestData } from '../consensus/attest.ts';
import {
  produceBlock,
  publishBlock,
  submitAggregate,
  submitAttestation,
  submitContribution,
  submitRegistration,
  submitSyncMessage,
} from '../consensus/external.ts';
import { rootOf } from '../consensus/store.ts';
import { syncContribution } from '../consensus/sync-pool.ts';
import type { DevnetBlock } from '../consensus/types.ts';
import type { Devnet } from '../devnet.ts';
import { admit, admitAll, duringSlot } from './refusals.ts';
import { metaAt } from './resolve.ts';

const GWEI = 1_000_000_000n;

/** `/eth/v1/validator/…`, `/eth/v2/…`, `/eth/v3/…`: the objects that a validator client signs, and where some go. */
export function dutyMethods(devnet: Devnet) {
  const { chain } = devnet;
  const headRoot = () => Buffer.from(chain.head.root.slice(2), 'hex');

  return {
    async produceAttestationData({ slot }) {
      await duringSlot(devnet, slot);
      return { data: honestData({ state: chain.state, headRoot: headRoot() }) };
    },
    async getAggregatedAttestationV2({ attestationDataRoot, slot, committeeIndex }) {
      const aggregate = chain.books.attestations.aggregateOf(toHex(attestationDataRoot), committeeIndex);
      if (!aggregate) throw new ApiError(404, `No vote of committee ${committeeIndex} in slot ${slot} is known`);
      return { data: aggregate, meta: metaAt(chain, slot) };
    },
    async publishAggregateAndProofsV2({ signedAggregateAndProofs }) {
      const list = signedAggregateAndProofs as electra.SignedAggregateAndProof[];
      await admitAll(devnet, list, (signed) => submitAggregate(chain, signed));
    },
    async produceSyncCommitteeContribution({ slot, subcommitteeIndex, beaconBlockRoot }) {
      if (subcommitteeIndex >= SYNC_COMMITTEE_SUBNET_COUNT) {
        throw new ApiError(400, `There is no subcommittee ${subcommitteeIndex}`);
      }
      await duringSlot(devnet, slot);
      if (!chain.store.byRoot(rootOf(beaconBlockRoot))) throw new ApiError(404, 'The block is not known');
      const { books, roster, state } = chain;
      const context = { state, slot, headRoot: beaconBlockRoot, roster, faults: books.faults, pool: books.sync };
      const contribution = syncContribution(context, subcommitteeIndex);
      if (!contribution) throw new ApiError(404, `No message of subcommittee ${subcommitteeIndex} is known`);
      return { data: contribution };
    },
    async publishContributionAndProofs({ contributionAndProofs }) {
      await admitAll(devnet, contributionAndProofs, (signed) => submitContribution(chain, signed));
    },
    async registerValidator({ registrations }) {
      await admitAll(devnet, registrations, (signed) => submitRegistration(chain, signed));
    },
    // Everything reaches this node anyway: it has no subnets to join.
    async prepareBeaconCommitteeSubnet() {},
    async prepareSyncCommitteeSubnets() {},
    async produceBlockV3({ slot, randaoReveal, graffiti, skipRandaoVerification }) {
      await duringSlot(devnet, slot);
      const wishes = {
        randaoReveal,
        skipRandaoVerification: skipRandaoVerification ?? false,
        ...(graffiti === undefined ? {} : { graffiti: graffitiBytes(graffiti) }),
      };
      const { message, consensusBlockGwei } = await admit(devnet, () => produceBlock(chain, slot, wishes));
      const meta = {
        version: metaAt(chain, slot).version,
        executionPayloadBlinded: false,
        executionPayloadSource: ProducedBlockSource.engine,
        // The payload's tips are not counted apart here; no builder's bid competes with them.
        executionPayloadValue: 0n,
        consensusBlockValue: BigInt(consensusBlockGwei) * GWEI,
      };
      return { data: { block: message, kzgProofs: [], blobs: [] } as never, meta };
    },
  } satisfies Partial<BeaconApiMethods['validator']>;
}

/** `/eth/v2/beacon/{blocks,pool/attestations}`, `/eth/v1/beacon/pool/sync_committees`: where what is signed goes. */
export function publishMethods(devnet: Devnet) {
  const { chain, config } = devnet;
  return {
    async publishBlockV2({ signedBlockContents }) {
      const block = signedBlockContents.signedBlock as DevnetBlock;
      const { slot } = block.message;
      if (config.getForkSeq(slot) >= ForkSeq.gloas) throw new ApiError(400, 'Blocks of Gloas are not taken');
      await admit(devnet, () => publishBlock(chain, block));
    },
    async submitPoolAttestationsV2({ signedAttestations }) {
      const list = signedAttestations as electra.SingleAttestation[];
      await admitAll(devnet, list, (single) => submitAttestation(chain, single));
    },
    async submitPoolSyncCommitteeSignatures({ signatures }) {
      await admitAll(devnet, signatures, (message) => submitSyncMessage(chain, message));
    },
  } satisfies Partial<BeaconApiMethods['beacon']>;
}

/** 32 bytes, filled up with zeros, cut where there are more. */
function graffitiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(new TextEncoder().encode(text).subarray(0, 32));
  return bytes;
}
