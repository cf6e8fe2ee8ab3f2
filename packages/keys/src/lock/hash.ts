/**
 * Hashes of definitions and locks. The canonical form is JSON with sorted keys and without spaces; the parser lets each
 * value be written in one way only, so equal content has equal bytes. SHA-256 under a tag of its own for each purpose: a
 * lock hash is signed with validator keys and must never be the signing root of a duty.
 */
import { createHash } from 'node:crypto';
import { type Hex, type Root, toHex } from '@holdfast/units';
import type { ClusterDefinition, ClusterLock, LockContent } from './types.ts';

const DIGEST_BYTES = 4;

type Json = string | number | readonly Json[] | { readonly [key: string]: Json };

/** What a ceremony is about, and what its operators sign. */
export function definitionHash(definition: ClusterDefinition): Root {
  return taggedHash('holdfast/definition/1', definition as unknown as Json);
}

/** What every share signs. */
export function lockHash(content: LockContent): Root {
  return taggedHash('holdfast/lock-hash/1', contentOf(content));
}

/** Four bytes for each field of the content, in canonical order. */
export function fieldDigests(content: LockContent): Hex {
  return toHex(Buffer.concat([...leavesOf(contentOf(content))].map(([path, value]) => digestOf(path, value))));
}

/** The fields that do not agree with the digests; `undefined` where fields were added or removed. */
export function changedFields(lock: ClusterLock): string[] | undefined {
  const leaves = [...leavesOf(contentOf(lock))];
  const digests = Buffer.from(lock.fieldDigests.slice(2), 'hex');
  if (digests.length !== leaves.length * DIGEST_BYTES) return undefined;
  return leaves
    .filter(
      ([path, value], i) => !digestOf(path, value).equals(digests.subarray(DIGEST_BYTES * i, DIGEST_BYTES * (i + 1))),
    )
    .map(([path]) => path);
}

/** Path and value of each field. An empty list is a field too, so that emptying one shows. */
export function* leavesOf(value: Json, path = ''): Generator<readonly [path: string, value: string]> {
  if (typeof value !== 'object') {
    yield [path, JSON.stringify(value)];
  } else if (Array.isArray(value)) {
    if (value.length === 0) yield [path, '[]'];
    for (const [i, item] of value.entries()) yield* leavesOf(item, `${path}[${i}]`);
  } else {
    for (const [key, item] of sortedEntries(value)) yield* leavesOf(item, path === '' ? key : `${path}.${key}`);
  }
}

function contentOf(lock: LockContent): Json {
  const { version, definition, operatorSignatures, validators, transcriptHash } = lock;
  return { version, definition, operatorSignatures, validators, transcriptHash } as unknown as Json;
}

function canonicalJson(value: Json): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  return `{${sortedEntries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`)
    .join(',')}}`;
}

function sortedEntries(value: Json): [string, Json][] {
  return (Object.entries(value) as [string, Json][]).sort(([a], [b]) => (a < b ? -1 : 1));
}

function taggedHash(tag: string, value: Json): Root {
  return toHex(
    createHash('sha256')
      .update(`${tag}\n${canonicalJson(value)}`)
      .digest(),
  ) as Root;
}

function digestOf(path: string, value: string): Buffer {
  return createHash('sha256').update(`${path}=${value}`).digest().subarray(0, DIGEST_BYTES);
}
