import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromHex, toHex } from '@holdfast/units';
import { DOMAIN_VOLUNTARY_EXIT } from '@lodestar/params';
import { computeDomain, computeSigningRoot } from '@lodestar/state-transition';
import { ssz } from '@lodestar/types';
import { describe, expect, it } from 'vitest';
import { parseSignRequest } from '../src/requests/parse.ts';
import { SIGN_TYPES } from '../src/requests/types.ts';
import { containerRoot, hashPair, isValidBranch } from '../src/roots/merkle.ts';
import { signingRootOf } from '../src/roots/signing-root.ts';
import { GVR, NETWORK, samples } from './requests-kit.ts';
import { randomBytes, randomFrom } from './requests-values.ts';

const rootOf = (body: unknown, network = NETWORK): string => toHex(signingRootOf(parseSignRequest(body), network));

describe('signing roots', () => {
  const all = samples(randomFrom(20_261_121));

  it('cover every type', () => {
    expect(new Set(all.map(({ type }) => type))).toEqual(new Set(SIGN_TYPES));
  });

  it.each(all.map((sample, place) => [`${sample.name} (${place})`, sample] as const))(
    "of %s are those of Lodestar's state transition",
    (_name, { body, signingRoot }) => {
      expect(rootOf(body)).toBe(toHex(signingRoot));
    },
  );

  it('hold for many random messages of each kind', () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      for (const { name, body, signingRoot } of samples(randomFrom(seed))) {
        expect(rootOf(body), `${name}, seed ${seed}`).toBe(toHex(signingRoot));
      }
    }
  });

  it('hold under the mainnet preset', () => {
    const script = fileURLToPath(new URL('roots/mainnet-main.ts', import.meta.url));
    const env = { ...process.env, LODESTAR_PRESET: 'mainnet' };
    const report = JSON.parse(execFileSync(process.execPath, [script], { env, encoding: 'utf8' }));
    expect(report).toEqual({ preset: 'mainnet', checked: 3 * all.length, wrong: [] });
  });

  it('of an attestation are not mixed up with the one before', () => {
    const [first, second] = samples(randomFrom(7)).filter(({ type }) => type === 'ATTESTATION');
    const requests = [first!, second!, first!, first!, second!].map(({ body }) => parseSignRequest(body));
    const roots = requests.map((request) => toHex(signingRootOf(request, NETWORK)));
    expect(roots).toEqual([first!, second!, first!, first!, second!].map(({ signingRoot }) => toHex(signingRoot)));
  });

  it('of an attestation may be changed by who gets them', () => {
    const { body, signingRoot } = samples(randomFrom(7)).find(({ type }) => type === 'ATTESTATION')!;
    signingRootOf(parseSignRequest(body), NETWORK).fill(0);
    signingRootOf(parseSignRequest(body), NETWORK).fill(0);
    expect(rootOf(body)).toBe(toHex(signingRoot));
  });

  it('depend on every field of an attestation', () => {
    const { body } = samples(randomFrom(9)).find(({ type }) => type === 'ATTESTATION')!;
    const data = body.attestation as Record<string, unknown>;
    const root = `0x${'77'.repeat(32)}`;
    const changes = [
      { slot: '1' },
      { index: '1' },
      { beacon_block_root: root },
      { source: { ...(data.source as object), epoch: '5' } },
      { source: { ...(data.source as object), root } },
      { target: { ...(data.target as object), epoch: '998' } },
      { target: { ...(data.target as object), root } },
    ];
    const roots = changes.map((change) => rootOf({ ...body, attestation: { ...data, ...change } }));
    expect(new Set([rootOf(body), ...roots]).size).toBe(8);
  });

  it('use the whole of uint64', () => {
    const max = 2n ** 64n - 1n;
    const attestation = {
      slot: max.toString(),
      index: (2n ** 53n + 1n).toString(),
      beacon_block_root: GVR,
      source: { epoch: (max - 1n).toString(), root: GVR },
      target: { epoch: max.toString(), root: GVR },
    };
    const body = { type: 'ATTESTATION', fork_info: samples(randomFrom(1))[0]!.body.fork_info, attestation };
    const checkpoint = (epoch: bigint) => ({ epoch, root: fromHex(GVR) });
    const expected = computeSigningRoot(
      ssz.phase0.AttestationDataBigint,
      {
        slot: max,
        index: 2n ** 53n + 1n,
        beaconBlockRoot: fromHex(GVR),
        source: checkpoint(max - 1n),
        target: checkpoint(max),
      },
      computeDomain(fromHex('0x01000000'), fromHex('0x60000910'), fromHex(GVR)),
    );
    expect(rootOf(body)).toBe(toHex(expected));
  });
});

describe('the domain of a voluntary exit', () => {
  const { body } = samples(randomFrom(3)).find(({ type }) => type === 'VOLUNTARY_EXIT')!;
  const exit = ssz.phase0.VoluntaryExit.fromJson(body.voluntary_exit);
  const under = (version: string) =>
    toHex(
      computeSigningRoot(
        ssz.phase0.VoluntaryExit,
        exit,
        computeDomain(DOMAIN_VOLUNTARY_EXIT, fromHex(version), fromHex(GVR)),
      ),
    );

  it("is Capella's where the network is known, whatever the client says (EIP-7044)", () => {
    expect(rootOf(body)).toBe(under('0x40000910'));
  });

  it("is the client's word where it is not", () => {
    expect(rootOf(body, { ...NETWORK, capellaForkVersion: null })).toBe(under('0x50000910'));
  });
});

describe('merkleization', () => {
  it('of one to eight fields pads with zero trees', () => {
    const random = randomFrom(11);
    for (let count = 1; count <= 8; count += 1) {
      const leaves = Array.from({ length: count }, () => randomBytes(random, 32));
      let nodes: Uint8Array[] = [...leaves];
      while ((nodes.length & (nodes.length - 1)) !== 0) nodes.push(new Uint8Array(32));
      while (nodes.length > 1) {
        nodes = Array.from({ length: nodes.length / 2 }, (_, place) =>
          hashPair(nodes[place * 2]!, nodes[place * 2 + 1]!),
        );
      }
      expect(toHex(containerRoot(leaves)), `${count} fields`).toBe(toHex(nodes[0]!));
    }
    expect(() => containerRoot(Array.from({ length: 9 }, () => 0n))).toThrow(RangeError);
  });

  it('accepts a branch of the right length alone', () => {
    const [leaf, a, b] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array, Uint8Array];
    const root = hashPair(b, hashPair(leaf, a));
    expect(isValidBranch(leaf, [a, b], 6n, root)).toBe(true);
    expect(isValidBranch(leaf, [a, b], 7n, root)).toBe(false);
    expect(isValidBranch(leaf, [a, b], 4n, root)).toBe(false);
    expect(isValidBranch(hashPair(leaf, a), [b], 3n, root)).toBe(true);
    expect(isValidBranch(leaf, [a, b], 3n, root)).toBe(false);
    expect(isValidBranch(leaf, [a], 6n, root)).toBe(false);
    expect(isValidBranch(root, [], 1n, root)).toBe(true);
    expect(isValidBranch(root, [], 0n, root)).toBe(false);
  });
});
