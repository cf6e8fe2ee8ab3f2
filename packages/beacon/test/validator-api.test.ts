import { BitArray } from '@chainsafe/ssz';
import { toHex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BeaconAnswerError,
  BeaconClient,
  type BeaconClientOptions,
  BeaconError,
  BeaconHttpError,
  BeaconLieError,
  BeaconTimeoutError,
  systemPorts,
} from '../src/index.ts';
import { type Handler, json, TestNode } from './server.ts';

const SLOT = 41;
const PUBKEY = `0x${'ab'.repeat(48)}`;
const ROOT = `0x${'cd'.repeat(32)}`;
const REVEAL = new Uint8Array(96).fill(3);

const nodes: TestNode[] = [];
afterEach(() => Promise.all(nodes.splice(0).map((node) => node.stop())));

async function apiOf(handlers: Handler[], options: Partial<BeaconClientOptions> = {}) {
  const started = await Promise.all(handlers.map((handler) => TestNode.start(handler)));
  nodes.push(...started);
  const ports = { ...systemPorts, sleep: async () => undefined, random: () => 1 };
  const client = new BeaconClient({ urls: started.map(({ url }) => url), ports, roundsMax: 1, ...options });
  return { api: client.validatorApi, nodes: started };
}

const data = (slot = SLOT) => ({ ...ssz.phase0.AttestationData.defaultValue(), slot });
const answering =
  (value: unknown, status = 200): Handler =>
  (_request, response) =>
    json(response, value, status);

const attestationJson = (slot = SLOT) => ({ data: ssz.phase0.AttestationData.toJson(data(slot)) });

const block = () => {
  const contents = ssz.fulu.BlockContents.defaultValue();
  contents.block.slot = SLOT;
  return contents;
};
const blockHeaders = {
  'content-type': 'application/octet-stream',
  'eth-consensus-version': 'fulu',
  'eth-execution-payload-blinded': 'false',
  'eth-execution-payload-value': '123456789012345678901',
  'eth-consensus-block-value': '7',
};
const blockSsz =
  (headers: Record<string, string> = {}, slot = SLOT): Handler =>
  (_request, response) => {
    const contents = block();
    contents.block.slot = slot;
    response
      .writeHead(200, { ...blockHeaders, ...headers })
      .end(Buffer.from(ssz.fulu.BlockContents.serialize(contents)));
  };

describe('duties', () => {
  it('are read with their dependent roots', async () => {
    const duty = { pubkey: PUBKEY, validator_index: '7', slot: '41' };
    const committee = {
      committee_index: '1',
      committee_length: '4',
      committees_at_slot: '2',
      validator_committee_index: '3',
    };
    const {
      api,
      nodes: [node],
    } = await apiOf([
      (request, response) => {
        if (request.url!.includes('/sync/')) {
          return json(response, { data: [{ ...duty, validator_sync_committee_indices: ['2', '9'] }] });
        }
        return json(response, { dependent_root: ROOT, data: [{ ...duty, ...committee }] });
      },
    ]);
    const attesters = await api.attesterDuties(5, [7]);
    expect(attesters.dependentRoot).toBe(ROOT);
    expect(attesters.duties).toEqual([
      {
        pubkey: PUBKEY,
        validatorIndex: 7,
        slot: 41,
        committeeIndex: 1,
        committeeLength: 4,
        committeesAtSlot: 2,
        validatorCommitteeIndex: 3,
      },
    ]);
    expect((await api.proposerDuties(5)).duties).toEqual([{ pubkey: PUBKEY, validatorIndex: 7, slot: 41 }]);
    expect(await api.syncDuties(5, [7])).toMatchObject([{ validatorSyncCommitteeIndices: [2, 9] }]);
    expect(node!.requests.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/eth/v1/validator/duties/attester/5', '["7"]'],
      ['GET', '/eth/v1/validator/duties/proposer/5', ''],
      ['POST', '/eth/v1/validator/duties/sync/5', '["7"]'],
    ]);
  });

  it.each([
    [{ dependent_root: ROOT, data: [{}] }],
    [{ dependent_root: '0x12', data: [] }],
    [{ data: [] }],
    [[]],
    [{ dependent_root: ROOT, data: [{ pubkey: PUBKEY, validator_index: -1, slot: '41' }] }],
  ])('malformed ones are refused: %j', async (answer) => {
    const { api } = await apiOf([answering(answer)]);
    await expect(api.proposerDuties(5)).rejects.toBeInstanceOf(BeaconAnswerError);
  });
});

describe('objects to sign', () => {
  it('an attestation data of another slot is a lie, and the next node is asked', async () => {
    const lying = answering(attestationJson(SLOT - 1));
    const alone = await apiOf([lying]);
    await expect(alone.api.attestationData(SLOT)).rejects.toBeInstanceOf(BeaconLieError);
    const {
      api,
      nodes: [, second],
    } = await apiOf([lying, answering(attestationJson())]);
    expect((await api.attestationData(SLOT)).slot).toBe(SLOT);
    expect(second!.requests[0]!.url).toBe('/eth/v1/validator/attestation_data?slot=41&committee_index=0');
  });

  it('an aggregate of another vote is a lie', async () => {
    const aggregate = { ...ssz.electra.Attestation.defaultValue(), data: data() };
    const answer = { version: 'fulu', data: ssz.electra.Attestation.toJson(aggregate) };
    const { api } = await apiOf([answering(answer)]);
    const dataRoot = ssz.phase0.AttestationData.hashTreeRoot(data());
    expect(await api.aggregateAttestation({ slot: SLOT, committeeIndex: 0, dataRoot })).toMatchObject({ data: data() });
    const other = { slot: SLOT, committeeIndex: 0, dataRoot: new Uint8Array(32) };
    await expect(api.aggregateAttestation(other)).rejects.toBeInstanceOf(BeaconLieError);
  });

  it('a contribution of another slot, subcommittee or block is a lie', async () => {
    const contribution = { ...ssz.altair.SyncCommitteeContribution.defaultValue(), slot: SLOT, subcommitteeIndex: 2 };
    const { api } = await apiOf([answering({ data: ssz.altair.SyncCommitteeContribution.toJson(contribution) })]);
    const asked = { slot: SLOT, subcommitteeIndex: 2, beaconBlockRoot: new Uint8Array(32) };
    expect(await api.syncCommitteeContribution(asked)).toMatchObject({ subcommitteeIndex: 2 });
    for (const wrong of [{ slot: 40 }, { subcommitteeIndex: 1 }, { beaconBlockRoot: new Uint8Array(32).fill(1) }]) {
      await expect(api.syncCommitteeContribution({ ...asked, ...wrong })).rejects.toBeInstanceOf(BeaconLieError);
    }
  });

  it('a block comes as SSZ or JSON, with what it is worth', async () => {
    const asJson = answering({
      version: 'fulu',
      execution_payload_blinded: false,
      execution_payload_value: '123456789012345678901',
      consensus_block_value: '7',
      data: ssz.fulu.BlockContents.toJson(block()),
    });
    for (const handler of [blockSsz(), asJson]) {
      const {
        api,
        nodes: [node],
      } = await apiOf([handler]);
      const produced = await api.produceBlock({ slot: SLOT, randaoReveal: REVEAL, graffiti: new Uint8Array(32) });
      expect(produced).toMatchObject({
        fork: 'fulu',
        executionPayloadValue: 123_456_789_012_345_678_901n,
        consensusBlockValue: 7n,
      });
      expect(ssz.fulu.BeaconBlock.hashTreeRoot(produced.block as never)).toEqual(
        ssz.fulu.BeaconBlock.hashTreeRoot(block().block),
      );
      const url = new URL(node!.requests[0]!.url, 'http://node');
      expect(Object.fromEntries(url.searchParams)).toEqual({
        randao_reveal: toHex(REVEAL),
        graffiti: `0x${'00'.repeat(32)}`,
        builder_boost_factor: '0',
      });
    }
  });

  it.each<[string, Handler, new (...args: never[]) => BeaconError]>([
    ['of another slot', blockSsz({}, SLOT + 1), BeaconLieError],
    ['blinded', blockSsz({ 'eth-execution-payload-blinded': 'true' }), BeaconAnswerError],
    ['without its value', blockSsz({ 'eth-consensus-block-value': '-1' }), BeaconAnswerError],
    [
      'of bytes that are none',
      (_, response) => void response.writeHead(200, blockHeaders).end('xx'),
      BeaconAnswerError,
    ],
    ['of an unknown fork', blockSsz({ 'eth-consensus-version': 'zelda' }), BeaconError as never],
  ])('a block %s is refused', async (_name, handler, error) => {
    const { api } = await apiOf([handler]);
    await expect(api.produceBlock({ slot: SLOT, randaoReveal: REVEAL })).rejects.toBeInstanceOf(error);
  });
});

describe('what is signed', () => {
  const signedBlock = () => ({ message: block().block, signature: new Uint8Array(96) });

  it('a block goes as SSZ, and as JSON to a node that takes no SSZ', async () => {
    const handler: Handler = (request, response) =>
      request.headers['content-type'] === 'application/json' ? response.writeHead(200).end() : json(response, {}, 415);
    const {
      api,
      nodes: [node],
    } = await apiOf([handler]);
    await api.publishBlock({ fork: 'fulu', signedBlock: signedBlock() });
    expect(node!.requests.map(({ headers }) => [headers['content-type'], headers['eth-consensus-version']])).toEqual([
      ['application/octet-stream', 'fulu'],
      ['application/json', 'fulu'],
    ]);
    const sent = ssz.fulu.SignedBlockContents.fromJson(JSON.parse(node!.requests[1]!.body));
    expect(sent.signedBlock.message.slot).toBe(SLOT);
    const refusing = await apiOf([answering({ code: 400, message: 'late' }, 400)]);
    const refusal = refusing.api.publishBlock({ fork: 'fulu', signedBlock: signedBlock() });
    await expect(refusal).rejects.toMatchObject({ status: 400, message: expect.stringContaining('late') });
  });

  it('votes, aggregates, messages and the rest reach their places, on the next node when one fails', async () => {
    const {
      api,
      nodes: [first, second],
    } = await apiOf([answering({}, 500), answering({})]);
    const single = { ...ssz.electra.SingleAttestation.defaultValue(), data: data() };
    await api.submitAttestations('fulu', [single]);
    const aggregate = ssz.electra.SignedAggregateAndProof.defaultValue();
    await api.publishAggregates('electra', [aggregate]);
    const message = ssz.altair.SyncCommitteeMessage.defaultValue();
    await api.submitSyncCommitteeMessages([message]);
    const contribution = ssz.altair.SignedContributionAndProof.defaultValue();
    contribution.message.contribution.aggregationBits = BitArray.fromBitLen(8);
    await api.publishContributions([contribution]);
    await api.registerValidators([ssz.bellatrix.SignedValidatorRegistrationV1.defaultValue()]);
    await api.prepareProposers([{ validatorIndex: 7, feeRecipient: `0x${'ef'.repeat(20)}` }]);
    expect(first!.requests.length).toBe(1);
    expect(second!.requests.map(({ url }) => url)).toEqual([
      '/eth/v2/beacon/pool/attestations',
      '/eth/v2/validator/aggregate_and_proofs',
      '/eth/v1/beacon/pool/sync_committees',
      '/eth/v1/validator/contribution_and_proofs',
      '/eth/v1/validator/register_validator',
      '/eth/v1/validator/prepare_beacon_proposer',
    ]);
    const [vote, , , , , prepared] = second!.requests;
    expect(vote!.headers['eth-consensus-version']).toBe('fulu');
    expect(JSON.parse(vote!.body)).toEqual([ssz.electra.SingleAttestation.toJson(single)]);
    expect(JSON.parse(prepared!.body)).toEqual([{ validator_index: '7', fee_recipient: `0x${'ef'.repeat(20)}` }]);
  });
});

describe('a call', () => {
  const silent: Handler = () => undefined;

  it('has its own deadline', async () => {
    const { api } = await apiOf([silent]);
    const began = performance.now();
    await expect(api.attestationData(SLOT, 0, { timeoutMs: 60 })).rejects.toBeInstanceOf(BeaconTimeoutError);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('ends when its duty does', async () => {
    const {
      api,
      nodes: [, second],
    } = await apiOf([silent, answering(attestationJson())]);
    const over = new AbortController();
    const call = api.attestationData(SLOT, 0, { signal: over.signal });
    setTimeout(() => over.abort(new Error('the slot is over')), 30);
    await expect(call).rejects.toThrow('the slot is over');
    expect(second!.requests).toEqual([]);
  });

  it('tells a node that refuses from one that has nothing', async () => {
    const { api } = await apiOf([answering({ message: 'none' }, 404), answering({ message: 'none' }, 404)]);
    const asked = { slot: SLOT, committeeIndex: 0, dataRoot: new Uint8Array(32) };
    const error: unknown = await api.aggregateAttestation(asked).catch((reason) => reason);
    expect(error).toBeInstanceOf(BeaconHttpError);
    expect(error).toMatchObject({ status: 404 });
  });
});
