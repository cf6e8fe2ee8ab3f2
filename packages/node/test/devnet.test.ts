import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconClient } from '@holdfast/beacon';
import { createEdrExecution, Devnet, interopValidators } from '@holdfast/devnet';
import { type ClusterLock, LOCK_VERSION, partialSign, publicKeyOf, splitKey, thresholdScheme } from '@holdfast/keys';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, createIdentity, DvNode, type NodeIdentity, type ShareSigner } from '../src/index.ts';
import { freePorts } from './ports.ts';
import { TestClock } from './test-clock.ts';

const VALIDATORS = 16;
const FEE_RECIPIENT = `0x${'fe'.repeat(20)}` as Hex;
const ZERO = `0x${'00'.repeat(32)}` as Root;
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A devnet that is stepped, of whose validators the first `ours` wait for somebody behind the Beacon API. */
async function devnetWith(ours: number): Promise<{ devnet: Devnet; url: string; clock: TestClock }> {
  const execution = await createEdrExecution({ genesisTime: 1_800_000_000 });
  const external = Array.from({ length: ours }, (_, index) => index);
  const devnet = await Devnet.create({ execution, validators: VALIDATORS, external });
  closers.push(() => devnet.close());
  const { url } = await devnet.listen();
  return { devnet, url, clock: new TestClock(devnet.genesisTime * 1000) };
}

interface Shared {
  readonly lock: ClusterLock;
  readonly signers: readonly ShareSigner[];
  readonly identities: readonly NodeIdentity[];
}

/** A lock over keys that were split here: what a DKG gives, without its ceremony. */
async function shared(devnet: Devnet, ours: number, n: number): Promise<Shared> {
  const scheme = thresholdScheme(n - Math.floor((n - 1) / 3), n);
  const identities = await Promise.all(Array.from({ length: n }, createIdentity));
  const ports = await freePorts(n);
  const shares: Map<Pubkey, Uint8Array>[] = identities.map(() => new Map());
  const validators = interopValidators(ours).map(({ secretKey }) => {
    const split = splitKey(secretKey, scheme, (length) => crypto.getRandomValues(new Uint8Array(length)));
    const sharePubkeys = split.sharePubkeys.map((key) => toHex(key) as Pubkey);
    for (const [at, share] of split.shares.entries()) shares[at]!.set(sharePubkeys[at]!, share);
    return { pubkey: publicKeyOf(secretKey), sharePubkeys, deposits: [] };
  });
  const lock: ClusterLock = {
    version: LOCK_VERSION,
    definition: {
      name: 'test',
      nonce: ZERO,
      network: {
        name: 'devnet',
        genesisForkVersion: toHex(devnet.config.GENESIS_FORK_VERSION),
        genesisValidatorsRoot: toHex(devnet.state.genesisValidatorsRoot) as Root,
      },
      withdrawalCredentials: ZERO,
      feeRecipient: FEE_RECIPIENT,
      threshold: scheme.threshold,
      validators: ours,
      depositAmounts: [],
      operators: identities.map(({ privateKey }, at) => ({
        address: FEE_RECIPIENT,
        identity: toHex(privateKey.publicKey.raw),
        multiaddrs: [`/ip4/127.0.0.1/tcp/${ports[at]}`],
      })),
      generation: 0,
      previousLockHash: ZERO,
    },
    operatorSignatures: [],
    validators,
    transcriptHash: ZERO,
    lockHash: `0x${'ab'.repeat(32)}` as Root,
    fieldDigests: '0x',
    signers: [],
    aggregateSignature: '0x',
  };
  const signers = shares.map(
    (own): ShareSigner => ({
      sign: async (sharePubkey, request) => partialSign(own.get(sharePubkey)!, fromHex(String(request.signingRoot))),
    }),
  );
  return { lock, signers, identities };
}

interface Running {
  readonly node: DvNode;
  /** `duty slot`, as published or missed. */
  readonly over: Set<string>;
  readonly missed: string[];
  stop(): Promise<void>;
}

async function startNode(
  { lock, signers, identities }: Shared,
  at: number,
  url: string,
  clock: Clock,
): Promise<Running> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-node-'));
  const [over, missed] = [new Set<string>(), [] as string[]];
  const node = await DvNode.start({
    lock,
    identity: identities[at]!,
    beacon: new BeaconClient({ urls: [url] }),
    signer: signers[at]!,
    journal: join(dir, 'votes.sqlite'),
    listen: lock.definition.operators[at]!.multiaddrs,
    clock,
    log: (_level, event, data) => {
      if (event === 'duty.missed') missed.push(`${data.duty} ${data.slot}: ${data.why}`);
    },
    onDuty: (duty, slot) => over.add(`${duty} ${slot}`),
  });
  const stop = new AbortController();
  const running = node.run(stop.signal);
  const close = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    stop.abort();
    await running;
    await node.close();
    rmSync(dir, { recursive: true, force: true });
  };
  closers.push(close);
  return { node, over, missed, stop: close };
}

/** Lets slots pass, each phase when the nodes have done what the one before asked of them. */
async function live(devnet: Devnet, clock: TestClock, nodes: readonly Running[], slots: number): Promise<void> {
  const all = (duty: string, slot: number) => () => nodes.every(({ over }) => over.has(`${duty} ${slot}`));
  for (let i = 0; i < slots; i += 1) {
    await devnet.stepPhase();
    const { slot } = devnet;
    const startMs = (devnet.genesisTime + 12 * slot) * 1000;
    clock.set(startMs);
    const ours = devnet.roster.performerOf(devnet.chain.open!.proposer.pubkey) === 'external';
    if (ours) await until(all('proposer', slot), `a proposal in slot ${slot}`);
    await devnet.stepPhase();
    clock.set(startMs + 4000);
    await until(all('syncMessage', slot), `sync messages of slot ${slot}`);
    if (nodes[0]!.node.attestsAt(slot)) await until(all('attester', slot), `attestations of slot ${slot}`);
    await devnet.stepPhase();
    clock.set(startMs + 8000);
    await until(all('syncContribution', slot), `contributions of slot ${slot}`);
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await sleep(5);
  }
}

/** How many of the first `ours` validators had their vote counted for the target, in the epoch before. */
function voted(devnet: Devnet, ours: number): number {
  const participation = devnet.state.previousEpochParticipation.getAll();
  return participation.slice(0, ours).filter((flags) => (flags & 0b10) !== 0).length;
}

describe('duties on a real chain', { timeout: 240_000 }, () => {
  it('four nodes attest, propose, aggregate and sit in sync committees; the chain finalizes; one may die', async () => {
    const ours = 4;
    const { devnet, url, clock } = await devnetWith(ours);
    const cluster = await shared(devnet, ours, 4);
    const nodes = await Promise.all([0, 1, 2, 3].map((at) => startNode(cluster, at, url, clock)));
    await until(() => nodes.every(({ node }) => node.status().nodes.every(({ up }) => up)), 'a full mesh');
    await live(devnet, clock, nodes, 16);
    expect(voted(devnet, ours)).toBe(ours);
    await nodes[1]!.stop();
    const left = nodes.filter((_, at) => at !== 1);
    await live(devnet, clock, left, 16);
    expect(voted(devnet, ours)).toBe(ours);
    expect(devnet.status().finalizedEpoch).toBeGreaterThan(0);
    expect(devnet.status().headSlot).toBe(devnet.slot);
    // Slot 0 had begun before the nodes had.
    expect(nodes.flatMap(({ missed }) => missed).filter((miss) => !miss.includes(' 0:'))).toEqual([]);
  });

  it('a node alone is an ordinary validator client', async () => {
    const ours = 4;
    const { devnet, url, clock } = await devnetWith(ours);
    const cluster = await shared(devnet, ours, 1);
    const nodes = [await startNode(cluster, 0, url, clock)];
    await live(devnet, clock, nodes, 16);
    expect(voted(devnet, ours)).toBe(ours);
    expect(nodes[0]!.missed.filter((miss) => !miss.includes(' 0:'))).toEqual([]);
  });

  it('refuses to start on another chain than the lock names', async () => {
    const { devnet, url, clock } = await devnetWith(1);
    const cluster = await shared(devnet, 1, 1);
    const network = { ...cluster.lock.definition.network, genesisValidatorsRoot: `0x${'99'.repeat(32)}` as Root };
    const lock = { ...cluster.lock, definition: { ...cluster.lock.definition, network } };
    await expect(startNode({ ...cluster, lock }, 0, url, clock)).rejects.toThrow("not on the cluster's network");
  });
});
