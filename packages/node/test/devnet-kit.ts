import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconClient } from '@holdfast/beacon';
import { createEdrExecution, Devnet, type DevnetOptions, interopValidators } from '@holdfast/devnet';
import { type ClusterLock, LOCK_VERSION, partialSign, publicKeyOf, splitKey, thresholdScheme } from '@holdfast/keys';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import {
  type Clock,
  createIdentity,
  DvNode,
  type DvNodeOptions,
  type NodeIdentity,
  type ShareSigner,
} from '../src/index.ts';
import { freePorts } from './ports.ts';
import { TestClock } from './test-clock.ts';

const VALIDATORS = 16;
const FEE_RECIPIENT = `0x${'fe'.repeat(20)}` as Hex;
const ZERO = `0x${'00'.repeat(32)}` as Root;
const closers: (() => Promise<void> | void)[] = [];

/** For `afterEach`: ends what was started, the last first. */
export async function endAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** A devnet that is stepped, of whose validators the first `ours` wait for somebody behind the Beacon API. */
export async function devnetWith(
  ours: number,
  config: DevnetOptions['config'] = {},
): Promise<{ devnet: Devnet; url: string; clock: TestClock }> {
  const execution = await createEdrExecution({ genesisTime: 1_800_000_000 });
  const external = Array.from({ length: ours }, (_, index) => index);
  const devnet = await Devnet.create({ execution, validators: VALIDATORS, external, config });
  closers.push(() => devnet.close());
  const { url } = await devnet.listen();
  return { devnet, url, clock: new TestClock(devnet.genesisTime * 1000) };
}

export interface Shared {
  readonly lock: ClusterLock;
  readonly signers: readonly ShareSigner[];
  readonly identities: readonly NodeIdentity[];
}

/** A lock over keys that were split here: what a DKG gives, without its ceremony. */
export async function shared(devnet: Devnet, ours: number, n: number): Promise<Shared> {
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

export interface Running {
  readonly node: DvNode;
  /** `duty slot`, as published or missed. */
  readonly over: Set<string>;
  readonly missed: string[];
  stop(): Promise<void>;
}

export async function startNode(
  { lock, signers, identities }: Shared,
  at: number,
  url: string,
  clock: Clock,
  more: Partial<DvNodeOptions> = {},
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
    ...more,
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
export async function live(devnet: Devnet, clock: TestClock, nodes: readonly Running[], slots: number): Promise<void> {
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

export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await sleep(5);
  }
}
