import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadThresholdKey, partialSign, splitKey, thresholdScheme } from '@holdfast/keys';
import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { Chain } from '../src/chain.ts';
import { systemClock } from '../src/clock.ts';
import { type ClusterObserver, DvCluster } from '../src/cluster/DvCluster.ts';
import { Journal } from '../src/cluster/Journal.ts';
import type { ShareSigner } from '../src/cluster/Signing.ts';
import { createIdentity } from '../src/index.ts';
import { freePorts } from './ports.ts';

const LOCK_HASH = `0x${'ab'.repeat(32)}` as Root;

/** A chain that began `agoMs` before now, with slots of `slotMs`. */
export function testChain(slotMs: number, agoMs = 0): Chain {
  const genesisTime = Math.floor((Date.now() - agoMs) / 1000);
  const genesisValidatorsRoot = `0x${'42'.repeat(32)}` as Root;
  const schedule = [{ previousVersion: '0x00000001', currentVersion: '0x00000001', epoch: 0 }] as const;
  const values = { SLOT_DURATION_MS: String(slotMs) };
  return new Chain(
    { genesisTime, genesisValidatorsRoot, genesisForkVersion: '0x00000001' },
    schedule,
    values,
    () => 'fulu',
  );
}

export interface TestCluster {
  readonly pubkey: Pubkey;
  readonly chain: Chain;
  readonly nodes: (DvCluster | undefined)[];
  readonly signed: number[];
  readonly decidedRounds: number[];
  /** Why messages were not used. */
  readonly dropped: string[];
  start(at: number): Promise<DvCluster>;
  stop(at: number): Promise<void>;
  connected(): Promise<void>;
  close(): Promise<void>;
}

/** n whole nodes in this process: real links, real votes on disk, real shares of one validator. */
export async function testCluster(n: number, chain: Chain): Promise<TestCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'));
  const scheme = thresholdScheme(n - Math.floor((n - 1) / 3), n);
  const secret = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 3 * i));
  const split = splitKey(secret, scheme, (length) => crypto.getRandomValues(new Uint8Array(length)));
  const key = loadThresholdKey(scheme, split.groupPubkey, split.sharePubkeys);
  const pubkey = toHex(split.groupPubkey) as Pubkey;
  const identities = await Promise.all(Array.from({ length: n }, createIdentity));
  const ports = await freePorts(n);
  const members = identities.map(({ peerId, privateKey }, at) => ({
    peerId,
    identity: toHex(privateKey.publicKey.raw) as Hex,
    addresses: [`/ip4/127.0.0.1/tcp/${ports[at]}`],
  }));
  const nodes: (DvCluster | undefined)[] = Array.from({ length: n }, () => undefined);
  const journals: (Journal | undefined)[] = [];
  const signed: number[] = Array.from({ length: n }, () => 0);
  const decidedRounds: number[] = [];
  const dropped: string[] = [];
  const observer: ClusterObserver = {
    decided: (_instance, round) => decidedRounds.push(round),
    accused: () => undefined,
    forked: () => undefined,
    dropped: (_node, reason) => dropped.push(reason),
    refused: () => undefined,
    culprit: () => undefined,
    offence: () => undefined,
    partial: () => undefined,
    peer: () => undefined,
    twin: () => undefined,
  };
  const start = async (at: number): Promise<DvCluster> => {
    const journal = new Journal(join(dir, `${at}.sqlite`), LOCK_HASH);
    journals[at] = journal;
    const signer: ShareSigner = {
      sign: async (_share, request) => {
        signed[at]! += 1;
        return partialSign(split.shares[at]!, fromHex(String(request.signingRoot)));
      },
    };
    const sharePubkey = toHex(split.sharePubkeys[at]!) as Pubkey;
    const node = await DvCluster.start({
      identity: identities[at]!,
      nodes: members,
      lockHash: LOCK_HASH,
      validators: [{ pubkey, key, sharePubkey }],
      signer,
      journal,
      chain,
      clock: systemClock,
      listen: [`/ip4/127.0.0.1/tcp/${ports[at]}`],
      observer,
    });
    nodes[at] = node;
    return node;
  };
  const stop = async (at: number): Promise<void> => {
    await nodes[at]?.close();
    journals[at]?.close();
    journals[at] = undefined;
    nodes[at] = undefined;
  };
  await Promise.all(members.map((_, at) => start(at)));
  return {
    pubkey,
    chain,
    nodes,
    signed,
    decidedRounds,
    dropped,
    start,
    stop,
    async connected() {
      const alive = (): DvCluster[] => nodes.filter((node) => node !== undefined);
      while (alive().some((node) => node.connected.length < alive().length - 1)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async close() {
      await Promise.all(nodes.map((_, at) => stop(at)));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
