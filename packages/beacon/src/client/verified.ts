import { type Root, sameHex, toHex } from '@holdfast/units';
import type { SignedBeaconBlock } from '@lodestar/types';
import { BeaconAnswerError, BeaconLieError } from '../errors.ts';
import { asStateFork, blockTypeOf, type StateFork, signedBlockTypeOf, stateTypeOf } from '../forks.ts';
import { headerRoot } from '../proofs/header.ts';
import { LoadedState, loadState, type StateTreeView } from '../state/LoadedState.ts';
import { type HeaderAnswer, readHeader, readValidator, type ValidatorAnswer, type ValidatorStatus } from './answers.ts';
import type { BeaconResponse } from './http.ts';
import type { BeaconNode } from './NodePool.ts';
import { Answer } from './read.ts';

/** A header whose root is really its hash, and which is the one asked for (by root or by slot). */
export function checkHeader(answer: Answer, blockId: string | number, node: string): HeaderAnswer {
  const claimed = readHeader(answer);
  const root = headerRoot(claimed.header);
  requireSame('the root of a header', claimed.root, root, node);
  requireAsked('header', blockId, root, claimed.header.slot, node);
  return { ...claimed, root };
}

/** A block that is the one asked for (by root or by slot). */
export function checkBlock(
  response: BeaconResponse,
  blockId: string | number,
): { fork: StateFork; root: Root; block: SignedBeaconBlock } {
  const { fork, data } = decode(response);
  const type = signedBlockTypeOf(fork);
  const block = reading('a block', response, () => (data ? type.fromJson(data) : type.deserialize(response.bytes)));
  const signed = block as SignedBeaconBlock;
  const root = toHex(blockTypeOf(fork).hashTreeRoot(signed.message)) as Root;
  requireAsked('block', blockId, root, signed.message.slot, response.node.name);
  return { fork, root, block: signed };
}

/** A state that hashes to the root expected of it, and is of the slot asked for. */
export function checkState(
  response: BeaconResponse,
  stateId: string | number,
  expectedRoot: Root | undefined,
): LoadedState {
  const { fork, data } = decode(response);
  const type = stateTypeOf(fork);
  const state = reading('a state', response, () =>
    data ? new LoadedState(fork, type.toViewDU(type.fromJson(data)) as StateTreeView) : loadState(fork, response.bytes),
  );
  const node = response.node.name;
  if (expectedRoot !== undefined) requireSame('the root of a state', expectedRoot, state.root, node);
  if (typeof stateId === 'number' && state.slot !== stateId) {
    throw new BeaconLieError('the slot of a state', { data: { node, expected: stateId, actual: state.slot } });
  }
  return state;
}

/** Validators that were asked for, each once. */
export function checkValidators(
  answer: Answer,
  filter: { readonly ids?: readonly (string | number)[]; readonly statuses?: readonly ValidatorStatus[] },
  node: BeaconNode,
): ValidatorAnswer[] {
  const asked = filter.ids && new Set(filter.ids.map((id) => String(id).toLowerCase()));
  const seen = new Set<number>();
  return answer
    .get('data')
    .items()
    .map((item) => {
      const validator = readValidator(item);
      const { index, status } = validator;
      const wanted = !asked || asked.has(String(index)) || asked.has(validator.validator.pubkey);
      const wantedStatus = !filter.statuses || filter.statuses.includes(status);
      if (!wanted || !wantedStatus || seen.has(index)) {
        throw new BeaconAnswerError('a validator that was not asked for', { data: { node: node.name, index, status } });
      }
      seen.add(index);
      return validator;
    });
}

/** The fork of an SSZ or JSON answer, and the JSON's data. Unknown forks are refused before anything is decoded. */
function decode(response: BeaconResponse): { fork: StateFork; data: unknown } {
  if (response.encoding === 'json') {
    const answer = Answer.parse(response.bytes, response.node.name);
    return { fork: asStateFork(answer.get('version').text()), data: answer.get('data').value };
  }
  if (response.consensusVersion === null) {
    throw new BeaconAnswerError('SSZ without Eth-Consensus-Version', { data: { node: response.node.name } });
  }
  return { fork: asStateFork(response.consensusVersion), data: undefined };
}

function reading<T>(what: string, response: BeaconResponse, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new BeaconAnswerError(`not ${what}`, {
      data: { node: response.node.name, encoding: response.encoding, bytes: response.bytes.length },
      fix: 'Check that LODESTAR_PRESET is the preset of the network',
      cause,
    });
  }
}

function requireSame(what: string, expected: string, actual: string, node: string): void {
  if (!sameHex(expected, actual)) throw new BeaconLieError(what, { data: { node, expected, actual } });
}

function requireAsked(what: string, id: string | number, root: Root, slot: number, node: string): void {
  if (typeof id === 'number' && slot !== id) {
    throw new BeaconLieError(`the slot of a ${what}`, { data: { node, expected: id, actual: slot } });
  }
  if (typeof id === 'string' && id.startsWith('0x')) requireSame(`the root of a ${what}`, id, root, node);
}
