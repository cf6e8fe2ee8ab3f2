import type { Hex } from '@holdfast/units';
import { domainSeparator, type PublicClient, pad, zeroAddress } from 'viem';
import { PART_CODE, type RuntimeCode } from './parts.ts';
import type { PlannedPart } from './planPool.ts';

/** Nobody's: a second creator, so that what depends on the created contract's own address shows. */
const OTHER_CREATOR: Hex = '0x00000000000000000000000000000000000000c0';

/** A difference between the code found and the code that the configuration gives; null when there is none. */
export type CodeDifference = { readonly byte: number; readonly expected: Hex; readonly actual: Hex } | null;

/**
 * Compares the code at a part's address with the code that its init code deploys. The node runs the init code in an
 * `eth_call`, immutables included; only what a contract computes from its own address (the share token's EIP-712
 * domain) is computed here instead.
 */
export async function compareCode(
  publicClient: PublicClient,
  part: PlannedPart,
  token: { readonly name: string; readonly chainId: number },
  blockNumber?: bigint,
): Promise<CodeDifference> {
  const at = blockNumber === undefined ? {} : { blockNumber };
  const [actual, expected, other] = await Promise.all([
    publicClient.getCode({ address: part.address, ...at }),
    deployedBy(publicClient, zeroAddress, part.initCode),
    part.name === 'token' ? deployedBy(publicClient, OTHER_CREATOR, part.initCode) : null,
  ]);
  const found = actual ?? '0x';
  if (found.length !== expected.length) return { byte: 0, expected: sizeOf(expected), actual: sizeOf(found) };
  const { runtime } = PART_CODE[part.name];
  const own = new Set([pad(part.address.toLowerCase() as Hex, { size: 32 }), domainOf(part.address, token)]);
  for (const { start, end, immutable } of segments(runtime)) {
    const [is, shouldBe] = [cut(found, start, end), cut(expected, start, end)];
    if (is === shouldBe) {
      if (!(immutable && other !== null && cut(other, start, end) !== shouldBe)) continue;
    } else if (immutable && other !== null && cut(other, start, end) !== shouldBe && own.has(is)) continue;
    return { byte: start, expected: shouldBe, actual: is };
  }
  return null;
}

async function deployedBy(publicClient: PublicClient, account: Hex, data: Hex): Promise<Hex> {
  const { data: code } = await publicClient.call({ account, data });
  return code ?? '0x';
}

/** The code cut at its immutables, so that a difference is shown where it lies. */
function segments(runtime: RuntimeCode): { start: number; end: number; immutable: boolean }[] {
  const cuts: { start: number; end: number; immutable: boolean }[] = [];
  let at = 0;
  for (const { start, length } of [...runtime.immutables].sort((a, b) => a.start - b.start)) {
    if (start > at) cuts.push({ start: at, end: start, immutable: false });
    cuts.push({ start, end: start + length, immutable: true });
    at = start + length;
  }
  if (at < runtime.length) cuts.push({ start: at, end: runtime.length, immutable: false });
  return cuts;
}

const cut = (code: Hex, start: number, end: number): Hex => `0x${code.slice(2 + 2 * start, 2 + 2 * end).toLowerCase()}`;

const sizeOf = (code: Hex): Hex => `0x${(code.length / 2 - 1).toString(16)}`;

const domainOf = (address: Hex, { name, chainId }: { name: string; chainId: number }): Hex =>
  domainSeparator({ domain: { name, version: '1', chainId, verifyingContract: address } });
