import { describe, expect, it } from 'vitest';
import { BadRequestError } from '../src/errors.ts';
import { parseSignRequest } from '../src/requests/parse.ts';
import { SIGN_TYPES } from '../src/requests/types.ts';
import { forkInfo, GVR, type Json, samples } from './requests-kit.ts';
import { randomFrom } from './requests-values.ts';

const ROOT = `0x${'ab'.repeat(32)}`;
const attestation = (): Json => ({
  slot: '32000',
  index: '0',
  beacon_block_root: ROOT,
  source: { epoch: '998', root: ROOT },
  target: { epoch: '1000', root: ROOT },
});
const attesting = (change: Json = {}): Json => ({
  type: 'ATTESTATION',
  fork_info: forkInfo(),
  attestation: attestation(),
  ...change,
});
const header = (): Json => ({
  slot: '32000',
  proposer_index: '7',
  parent_root: ROOT,
  state_root: ROOT,
  body_root: ROOT,
});
const proposing = (beaconBlock: Json, change: Json = {}): Json => ({
  type: 'BLOCK_V2',
  fork_info: forkInfo(),
  beacon_block: beaconBlock,
  ...change,
});

function problemOf(body: unknown): { message: string; path: unknown; value: unknown } {
  try {
    parseSignRequest(body);
  } catch (error) {
    if (!(error instanceof BadRequestError)) throw error;
    return { message: error.message, path: error.data.path, value: error.data.value };
  }
  throw new Error('the request was accepted');
}

describe('a signing request', () => {
  it('is understood whatever the spelling of its fields', () => {
    const { fork } = forkInfo() as { fork: Json };
    const camel = {
      type: 'attestation',
      signingRoot: ROOT,
      forkInfo: {
        fork: { previousVersion: fork.previous_version, currentVersion: fork.current_version, epoch: fork.epoch },
        genesisValidatorsRoot: GVR.toUpperCase().replace('0X', '0x'),
      },
      attestation: { ...attestation(), beacon_block_root: undefined, beaconBlockRoot: ROOT },
    };
    const body = JSON.parse(JSON.stringify(camel));
    expect(parseSignRequest(body)).toEqual(parseSignRequest(attesting({ signing_root: ROOT })));
  });

  it('may bring numbers as JSON numbers where these are exact', () => {
    const data = { ...attestation(), slot: 32000, index: 0 };
    expect(parseSignRequest(attesting({ attestation: data }))).toEqual(parseSignRequest(attesting()));
    expect(problemOf(attesting({ attestation: { ...data, slot: 2 ** 53 } })).message).toContain('decimal string');
  });

  it('may bring null where a field is optional, and fields that the API does not know', () => {
    const more = { signing_root: null, proofs: null, block: null, slot: '1', duty: { any: 'thing' } };
    expect(parseSignRequest(attesting(more))).toEqual(parseSignRequest(attesting()));
  });

  it.each([
    ['no object', [], 'the body must be an object'],
    ['null', null, 'the body must be an object'],
    ['text', 'ATTESTATION', 'the body must be an object'],
    ['empty', {}, 'type is missing'],
  ])('is refused when it is %s', (_name, body, message) => {
    expect(problemOf(body).message).toContain(message);
  });

  it.each([
    ['type', { type: 'ATTESTATION_V2' }, 'type', 'ATTESTATION_V2'],
    ['type of a prototype', { type: 'constructor' }, 'type', 'constructor'],
    ['type that is no string', { type: 7 }, 'type', '7'],
    ['fork_info', { fork_info: undefined }, 'fork_info', undefined],
    ['fork', { fork_info: { genesis_validators_root: GVR } }, 'fork_info.fork', undefined],
    [
      'genesis root',
      { fork_info: { ...forkInfo(), genesis_validators_root: '0x12' } },
      'fork_info.genesis_validators_root',
      '0x12',
    ],
    ['signing root', { signing_root: '0xab' }, 'signing_root', '0xab'],
    ['object', { attestation: undefined }, 'attestation', undefined],
    ['object that is a list', { attestation: [] }, 'attestation', 'a list of 0'],
    [
      'slot above 2^64 − 1',
      { attestation: { ...attestation(), slot: '18446744073709551616' } },
      'attestation.slot',
      '18446744073709551616',
    ],
    ['negative slot', { attestation: { ...attestation(), slot: '-1' } }, 'attestation.slot', '-1'],
    ['slot in hex', { attestation: { ...attestation(), slot: '0x10' } }, 'attestation.slot', '0x10'],
    ['slot with zeros before', { attestation: { ...attestation(), slot: '007' } }, 'attestation.slot', '007'],
    ['slot with a point', { attestation: { ...attestation(), slot: 1.5 } }, 'attestation.slot', '1.5'],
    ['slot of true', { attestation: { ...attestation(), slot: true } }, 'attestation.slot', 'true'],
    [
      'short root',
      { attestation: { ...attestation(), beacon_block_root: '0xabcd' } },
      'attestation.beacon_block_root',
      '0xabcd',
    ],
    [
      'root without 0x',
      { attestation: { ...attestation(), beacon_block_root: 'ab'.repeat(33) } },
      'attestation.beacon_block_root',
      'ab'.repeat(33),
    ],
    [
      'root with a wrong digit',
      { attestation: { ...attestation(), beacon_block_root: `0x${'ab'.repeat(31)}ag` } },
      'attestation.beacon_block_root',
      `0x${'ab'.repeat(31)}ag`,
    ],
    [
      'missing epoch',
      { attestation: { ...attestation(), source: { root: ROOT } } },
      'attestation.source.epoch',
      undefined,
    ],
    [
      'null epoch',
      { attestation: { ...attestation(), source: { root: ROOT, epoch: null } } },
      'attestation.source.epoch',
      'null',
    ],
    ['unknown field inside', { attestation: { ...attestation(), committee: '3' } }, 'attestation.committee', '3'],
    [
      'field given twice',
      { attestation: { ...attestation(), beaconBlockRoot: ROOT } },
      'attestation.beacon_block_root',
      ROOT,
    ],
    [
      'prototype inside',
      { attestation: JSON.parse('{"__proto__": {"slot": "1"}}') },
      'attestation.__proto__',
      'an object',
    ],
    ['second object', { block: header() }, 'block', undefined],
    ['proofs without a block', { proofs: [] }, 'proofs', undefined],
  ])('names place and value of a bad %s', (_name, change, path, value) => {
    const problem = problemOf(attesting(change));
    expect(problem.path).toBe(path);
    expect(problem.value).toBe(value);
    expect(problem.message.length).toBeLessThan(600);
  });

  it('does not repeat what is long', () => {
    const { message } = problemOf(attesting({ attestation: { ...attestation(), slot: '9'.repeat(100_000) } }));
    expect(message.length).toBeLessThan(400);
    expect(message).toContain('100000 characters');
  });
});

describe('a block', () => {
  it.each([
    ['unknown fork', { version: 'OSAKA', block_header: header() }, 'beacon_block.version'],
    ['no fork', { block_header: header() }, 'beacon_block.version'],
    ['no header', { version: 'FULU' }, 'beacon_block.block_header'],
    ['full form after Altair', { version: 'FULU', block: header() }, 'beacon_block.block'],
    ['both forms', { version: 'FULU', block: header(), block_header: header() }, 'beacon_block.block'],
    ['header form before Bellatrix', { version: 'ALTAIR', block_header: header() }, 'beacon_block.block_header'],
    [
      'header without body root',
      { version: 'FULU', block_header: { ...header(), body_root: undefined } },
      'beacon_block.block_header.body_root',
    ],
    ['field beside the header', { version: 'FULU', block_header: header(), blobs: [] }, 'beacon_block.blobs'],
  ])('is refused with %s', (_name, beaconBlock, path) => {
    const body = JSON.parse(JSON.stringify(proposing(beaconBlock)));
    expect(problemOf(body).path).toBe(path);
  });

  it.each([
    ['no list', {}, 'proofs'],
    ['too many', Array(33).fill({ index: '1', proof: [] }), 'proofs'],
    ['no index', [{ proof: [] }], 'proofs[0].index'],
    ['no branch', [{ index: '801' }], 'proofs[0].proof'],
    ['long branch', [{ index: '801', proof: Array(49).fill(ROOT) }], 'proofs[0].proof'],
    ['short node', [{ index: '801', proof: [ROOT, '0x00'] }], 'proofs[0].proof[1]'],
    ['odd value', [{ index: '801', proof: [], value: '0x0' }], 'proofs[0].value'],
    ['unknown field', [{ index: '801', proof: [], path: '.graffiti' }], 'proofs[0].path'],
  ])('is refused with proofs of %s', (_name, proofs, path) => {
    expect(problemOf(proposing({ version: 'FULU', block_header: header() }, { proofs })).path).toBe(path);
  });
});

describe('lists and bits', () => {
  const bodyOf = (name: string) => structuredClone(samples(randomFrom(5)).find((sample) => sample.name === name)!.body);
  const inside = (body: Json, ...path: string[]): Json => path.reduce((at, key) => at[key] as Json, body);

  it.each([
    ['too many attester slashings', 'attester_slashings', Array(3).fill({})],
    ['no list', 'deposits', { length: 1 }],
    ['a deposit without branch', 'deposits', [{ proof: [], data: {} }]],
  ])('of a body are refused with %s', (_name, field, value) => {
    const body = bodyOf('BLOCK_V2 altair');
    inside(body, 'beacon_block', 'block', 'body')[field] = value;
    expect(problemOf(body).path).toContain(`beacon_block.block.body.${field}`);
  });

  it.each([
    ['no delimiter', '0x00'],
    ['no byte', '0x'],
    ['more bits than a committee has', `0x${'ff'.repeat(257)}`],
    ['more bytes than a committee needs', `0x${'ff'.repeat(258)}`],
  ])('of an attestation are refused with %s', (_name, value) => {
    for (const name of ['AGGREGATE_AND_PROOF phase0', 'AGGREGATE_AND_PROOF_V2 deneb']) {
      const body = bodyOf(name);
      const holder = name.includes('V2')
        ? inside(body, 'aggregate_and_proof', 'data')
        : inside(body, 'aggregate_and_proof');
      (holder.aggregate as Json).aggregation_bits = value;
      expect(problemOf(body).path).toMatch(/aggregate\.aggregation_bits$/);
    }
  });

  it('from Electra on may span the committees of a slot, and no more', () => {
    for (const fork of ['electra', 'gloas']) {
      const body = bodyOf(`AGGREGATE_AND_PROOF_V2 ${fork}`);
      const aggregate = inside(body, 'aggregate_and_proof', 'data', 'aggregate');
      aggregate.aggregation_bits = `0x${'ff'.repeat(1024)}01`;
      expect(parseSignRequest(body).type).toBe('AGGREGATE_AND_PROOF_V2');
      aggregate.aggregation_bits = `0x${'ff'.repeat(1024)}03`;
      expect(problemOf(body).path).toBe('aggregate_and_proof.data.aggregate.aggregation_bits');
    }
  });

  it('that pad a vector must be zero', () => {
    const body = bodyOf('AGGREGATE_AND_PROOF_V2 electra');
    inside(body, 'aggregate_and_proof', 'data', 'aggregate').committee_bits = '0x10';
    expect(problemOf(body).message).toContain('padded with zero bits');
  });

  it('of another preset are told apart', () => {
    const body = bodyOf('SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF');
    inside(body, 'contribution_and_proof', 'contribution').aggregation_bits = `0x${'00'.repeat(16)}`;
    expect(problemOf(body).message).toContain('belongs to the mainnet preset');
    inside(body, 'contribution_and_proof', 'contribution').aggregation_bits = `0x${'00'.repeat(15)}`;
    expect(problemOf(body).message).not.toContain('preset');
  });
});

it('every type needs its object', () => {
  for (const type of SIGN_TYPES) expect(problemOf({ type, fork_info: forkInfo() }).message).toContain('is missing');
});
