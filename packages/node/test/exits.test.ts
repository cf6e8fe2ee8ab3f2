import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ValidatorAnswer } from '@holdfast/beacon';
import { type Network, type Policy, parseSignRequest, RefusedError, signingRootOf } from '@holdfast/signer';
import { FAR_FUTURE_EPOCH, type Pubkey, type Root, toHex } from '@holdfast/units';
import { afterEach, describe, expect, it } from 'vitest';
import {
  describeOutlook,
  ExitRequestFiles,
  type ExitRequests,
  exitOutlook,
  requestedExits,
  type ShareSigner,
} from '../src/index.ts';
import { devnetWith, endAll, live, type Running, type Shared, shared, startNode, until } from './devnet-kit.ts';

const directories: string[] = [];
afterEach(async () => {
  await endAll();
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true });
});
function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-exits-'));
  directories.push(path);
  return path;
}

function replaceByDirectory(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

const PUBKEY = `0x${'aa'.repeat(48)}` as Pubkey;
const SHARE = `0x${'bb'.repeat(48)}` as Pubkey;

describe('requests to exit', () => {
  it('are files of the owner alone, seen and gone at once', () => {
    const node = directory();
    const requests = new ExitRequestFiles(node);
    expect(requests.all()).toEqual({ requests: [], bad: [] });
    expect(requests.withdraw(PUBKEY)).toBe(false);
    const asked = requests.ask(PUBKEY, null);
    const path = join(node, 'exits', `${PUBKEY}.json`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // Another process sees the same.
    expect(new ExitRequestFiles(node).all()).toEqual({ requests: [asked], bad: [] });
    requests.ask(PUBKEY, 7);
    expect(new ExitRequestFiles(node).find(PUBKEY)?.epoch).toBe(7);
    expect(requests.withdraw(PUBKEY)).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(requests.find(PUBKEY)).toBeNull();
  });

  it.each([
    ['others may write to it', (path: string) => chmodSync(path, 0o622)],
    ['it is not JSON', (path: string) => writeFileSync(path, '{')],
    ['it is of another version', (path: string) => writeFileSync(path, '{"version":2}')],
    [
      'it is of another validator',
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('aa', 'ab')),
    ],
    ['its epoch is none', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('null', '-1'))],
    ['it is huge', (path: string) => writeFileSync(path, ' '.repeat(10_000))],
    ['it is a directory', replaceByDirectory],
  ])('are not heeded when %s', (_what, spoil) => {
    const node = directory();
    const requests = new ExitRequestFiles(node);
    requests.ask(PUBKEY, null);
    spoil(join(node, 'exits', `${PUBKEY}.json`));
    expect(requests.find(PUBKEY)).toBeNull();
    expect(requests.all()).toMatchObject({ requests: [], bad: [{ why: expect.any(String) }] });
  });
});

describe('the policy of exits', () => {
  const request = { type: 'VOLUNTARY_EXIT', epoch: 5n } as Parameters<Policy['check']>[0];
  const context = { pubkey: SHARE } as Parameters<Policy['check']>[1];
  const refusal = (requests: ExitRequests, validator: Pubkey | undefined = PUBKEY): unknown => {
    try {
      requestedExits(requests, () => validator).check(request, context);
      return null;
    } catch (error) {
      return error;
    }
  };

  it('lets out what the operator asked for, and only while he does', () => {
    const requests = new ExitRequestFiles(directory());
    expect(refusal(requests)).toBeInstanceOf(RefusedError);
    expect((refusal(requests) as RefusedError).rule).toBe('exit-not-requested');
    requests.ask(PUBKEY, null);
    expect(refusal(requests)).toBeNull();
    requests.ask(PUBKEY, 5);
    expect(refusal(requests)).toBeNull();
    expect(refusal(requests, SHARE)).toBeInstanceOf(RefusedError);
    requests.ask(PUBKEY, 6);
    expect(refusal(requests)).toBeInstanceOf(RefusedError);
    requests.withdraw(PUBKEY);
    expect(refusal(requests)).toBeInstanceOf(RefusedError);
    const other = { type: 'ATTESTATION' } as Parameters<Policy['check']>[0];
    expect(() => requestedExits(requests, () => PUBKEY).check(other, context)).not.toThrow();
  });
});

describe('what the chain would say', () => {
  const validator = (activationEpoch: bigint, exitEpoch = FAR_FUTURE_EPOCH): ValidatorAnswer =>
    ({ validator: { activationEpoch, exitEpoch } }) as ValidatorAnswer;
  it.each([
    [undefined, null, 300, { kind: 'unknown' }],
    [validator(FAR_FUTURE_EPOCH), null, 300, { kind: 'inactive' }],
    [validator(400n), null, 300, { kind: 'inactive' }],
    [validator(100n), null, 300, { kind: 'early', epoch: 100, fromEpoch: 356, epochsLeft: 56 }],
    [validator(100n), null, 355, { kind: 'early', epoch: 100, fromEpoch: 356, epochsLeft: 1 }],
    [validator(100n), null, 356, { kind: 'possible', epoch: 100 }],
    [validator(100n), 360, 356, { kind: 'early', epoch: 360, fromEpoch: 360, epochsLeft: 4 }],
    [validator(100n), 120, 356, { kind: 'possible', epoch: 120 }],
    [validator(100n, 361n), null, 360, { kind: 'exiting', exitEpoch: 361 }],
    [validator(100n, 361n), null, 361, { kind: 'exited', exitEpoch: 361 }],
  ])('%#', (answer, asked, now, expected) => {
    const outlook = exitOutlook(answer, asked, now, 256);
    expect(outlook).toEqual(expected);
    expect(describeOutlook(outlook)).not.toContain('undefined');
  });
});

describe('voluntary exits on a real chain', { timeout: 120_000 }, () => {
  /** Every signer computes the root itself, as a real one does, and lets out no exit that its own operator did not ask for. */
  function guarded(cluster: Shared, at: number, requests: ExitRequests, network: Network): ShareSigner {
    const validatorOf = new Map(cluster.lock.validators.map(({ pubkey, sharePubkeys }) => [sharePubkeys[at]!, pubkey]));
    const policy = requestedExits(requests, (share) => validatorOf.get(share));
    return {
      async sign(share, body, signal) {
        const request = parseSignRequest(body);
        policy.check(request, { pubkey: share } as Parameters<Policy['check']>[1]);
        expect(toHex(signingRootOf(request, network))).toBe(body.signingRoot);
        return cluster.signers[at]!.sign(share, body, signal);
      },
    };
  }

  it('wait for the chain, then for t operators; then the validator leaves', async () => {
    const { devnet, url, clock } = await devnetWith(2, { SHARD_COMMITTEE_PERIOD: 1 });
    const cluster = await shared(devnet, 2, 4);
    const network: Network = {
      genesisValidatorsRoot: toHex(devnet.state.genesisValidatorsRoot) as Root,
      genesisForkVersion: toHex(devnet.config.GENESIS_FORK_VERSION),
      capellaForkVersion: toHex(devnet.config.CAPELLA_FORK_VERSION),
    };
    const asked = [0, 1, 2, 3].map(() => new ExitRequestFiles(directory()));
    const refused: string[] = [];
    const nodes: Running[] = await Promise.all(
      asked.map((exits, at) =>
        startNode(cluster, at, url, clock, {
          exits,
          signer: guarded(cluster, at, exits, network),
          log: (_level, event, data) => {
            if (event === 'share.refused') refused.push(`${at}: ${data.type}`);
          },
        }),
      ),
    );
    await until(() => nodes.every(({ node }) => node.status().nodes.every(({ up }) => up)), 'a full mesh');
    const [leaves, stays] = cluster.lock.validators.map(({ pubkey }) => pubkey);
    const exitEpochs = (): number[] => [0, 1].map((index) => devnet.state.validators.getReadonly(index).exitEpoch);
    const exitAt = (at: number) => nodes[at]!.node.status().exits;
    const NEVER = Number.POSITIVE_INFINITY;

    // Two of the three that it takes, from the start: the chain would not take it before epoch 1.
    asked[0]!.ask(leaves!, null);
    asked[1]!.ask(leaves!, null);
    await live(devnet, clock, nodes, 4);
    expect(exitAt(0)).toMatchObject([
      {
        pubkey: leaves,
        epoch: 0,
        own: true,
        asked: [],
        state: 'waiting',
        detail: expect.stringContaining('in 1 epoch'),
      },
    ]);
    expect(exitAt(2)).toEqual([]);
    await live(devnet, clock, nodes, 6);
    await until(() => exitAt(0)[0]?.asked.length === 2, 'each of the two hears the other');
    expect(exitAt(0)).toMatchObject([
      { asked: [0, 1], own: true, state: 'gathering', detail: '2 of 3 operators ask for it' },
    ]);
    // The others see it, and sign nothing of theirs.
    expect(exitAt(2)).toMatchObject([{ pubkey: leaves, asked: [0, 1], own: false, state: 'gathering' }]);
    expect(exitEpochs()).toEqual([NEVER, NEVER]);

    // One takes it back; another comes; the first comes back.
    asked[1]!.withdraw(leaves!);
    asked[3]!.ask(leaves!, null);
    await live(devnet, clock, nodes, 3);
    expect(exitEpochs()).toEqual([NEVER, NEVER]);
    expect(exitAt(1)).toMatchObject([{ own: false, asked: [0, 3] }]);
    asked[1]!.ask(leaves!, null);
    await live(devnet, clock, nodes, 4);
    expect(exitEpochs()).toEqual([expect.any(Number), NEVER]);
    expect(exitEpochs()[0]).toBeLessThan(NEVER);
    await until(() => [0, 1, 3].every((at) => exitAt(at)[0]?.state === 'exiting'), 'those who asked see it');
    expect(exitAt(0)).toMatchObject([{ epoch: 0, own: true, asked: [0, 1, 3] }]);
    const metrics = await nodes[0]!.node.metrics.registry.metrics();
    expect(metrics).toContain('holdfast_node_exits{state="exiting"} 1');
    expect(metrics).toContain('holdfast_node_duties_published_total{duty="exit"} 1');
    expect(nodes[0]!.node.status().validators.map(({ pubkey }) => pubkey)).toContain(stays);
    expect(refused).toEqual([]);
  });

  it('of a validator alone takes one request', async () => {
    const { devnet, url, clock } = await devnetWith(1, { SHARD_COMMITTEE_PERIOD: 0 });
    const cluster = await shared(devnet, 1, 1);
    const exits = new ExitRequestFiles(directory());
    const nodes = [await startNode(cluster, 0, url, clock, { exits })];
    exits.ask(cluster.lock.validators[0]!.pubkey, null);
    await live(devnet, clock, nodes, 3);
    expect(devnet.state.validators.getReadonly(0).exitEpoch).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});
