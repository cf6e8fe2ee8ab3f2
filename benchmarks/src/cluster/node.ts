// One node of a cluster in its own process: real links, votes on disk, one share. Told by its parent what to do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadThresholdKey, partialSign, recoverVerified, splitKey, thresholdScheme } from '@holdfast/keys';
import { Chain, type ClusterNode, DvCluster, Journal, type NodeIdentity, systemClock } from '@holdfast/node';
import { fromHex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { randomBytes, seeded } from '../random.ts';
import { Echo } from './echo.ts';
import { identityOf, LOCK_HASH } from './identities.ts';
import { Alone, type Physical } from './physical.ts';
import { nothing, SILENT } from './silent.ts';

export interface Setup {
  readonly self: number;
  readonly ports: readonly number[];
  readonly slotMs: number;
  /** Seconds since 1970. */
  readonly genesisTime: number;
}

export type Command =
  | { readonly do: 'agree'; readonly slot: number; readonly duty: 'attester' | 'proposer'; readonly valueBytes: number }
  | { readonly do: 'floor' }
  | { readonly do: 'physical' }
  | { readonly do: 'echo' };

export interface Done {
  /** Milliseconds it took, or null when it did not come about. */
  readonly ms: number | null;
  /** Milliseconds after the slot's start at which it was agreed. */
  readonly agreedAtMs?: number;
  readonly physical?: Omit<Physical, 'roundTripMs'>;
}

const setup = JSON.parse(process.argv[2]!) as Setup;
const n = setup.ports.length;
const dir = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'));
const scheme = thresholdScheme(n - Math.floor((n - 1) / 3), n);
const random = seeded(7);
const secret = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : i));
const split = splitKey(secret, scheme, (length) => randomBytes(random, length));
const key = loadThresholdKey(scheme, split.groupPubkey, split.sharePubkeys);
const pubkey = toHex(split.groupPubkey) as Pubkey;
const root = `0x${'42'.repeat(32)}` as Root;
const chain = new Chain(
  { genesisTime: setup.genesisTime, genesisValidatorsRoot: root, genesisForkVersion: '0x00000001' },
  [{ previousVersion: '0x00000001', currentVersion: '0x00000001', epoch: 0 }],
  { SLOT_DURATION_MS: String(setup.slotMs) },
  () => 'fulu',
);
const identities: readonly NodeIdentity[] = await Promise.all(setup.ports.map((_, at) => identityOf(at)));
const nodes: ClusterNode[] = identities.map(({ peerId, privateKey }, at) => ({
  peerId,
  identity: toHex(privateKey.publicKey.raw),
  addresses: [`/ip4/127.0.0.1/tcp/${setup.ports[at]}`],
}));
const echo = new Echo();
const alone = new Alone(join(dir, 'alone'), identities[setup.self]!);
const cluster = await DvCluster.start({
  identity: identities[setup.self]!,
  nodes,
  lockHash: LOCK_HASH,
  validators: [{ pubkey, key, sharePubkey: toHex(split.sharePubkeys[setup.self]!) as Pubkey }],
  signer: {
    sign: async (_share, request) => partialSign(split.shares[setup.self]!, fromHex(String(request.signingRoot))),
  },
  journal: new Journal(join(dir, 'votes.sqlite'), LOCK_HASH),
  chain,
  clock: systemClock,
  listen: [`/ip4/127.0.0.1/tcp/${setup.ports[setup.self]}`],
  observer: SILENT,
  links: echo.open,
});
process.once('disconnect', () => {
  rmSync(dir, { recursive: true, force: true });
  process.exit(0);
});
process.on('message', async (command: Command) => {
  process.send!(await perform(command));
});
while (cluster.connected.length < n - 1) await sleep(5);
process.send!('connected');

async function perform(command: Command): Promise<Done> {
  switch (command.do) {
    case 'agree':
      return agree(command);
    case 'floor':
      return floor();
    case 'physical':
      return { ms: null, physical: alone.measure() };
    case 'echo':
      return { ms: setup.self === 0 ? await echo.roundTrip(nodes[1]!.peerId) : null };
  }
}

async function agree({ slot, duty, valueBytes }: Extract<Command, { do: 'agree' }>): Promise<Done> {
  const started = performance.now();
  cluster.advance(slot);
  const signal = new AbortController().signal;
  const deadlineMs = Date.now() + 10_000;
  const value = new Uint8Array(valueBytes).fill(setup.self + 1);
  value[0] = slot & 255;
  const request = { duty, slot, propose: async () => value, check: nothing, deadlineMs };
  try {
    const agreed = await cluster.agree(request, signal);
    const agreedAtMs = Date.now() - chain.startMs(slot);
    const signingRoot = agreed.slice(0, 32);
    const task = { pubkey, slot, signingRoot, request: { type: 'ATTESTATION', signingRoot: toHex(signingRoot) } };
    const [signature] = await cluster.sign([task], deadlineMs, signal);
    return { ms: signature ? performance.now() - started : null, agreedAtMs };
  } catch {
    return { ms: null };
  }
}

/** The BLS work that no node can do without: one partial signature, one recovery, one verification. */
function floor(): Done {
  const message = new Uint8Array(32).fill(9);
  const others = split.shares
    .slice(1, scheme.threshold)
    .map((share, i) => ({ index: i + 2, signature: partialSign(share, message) }));
  const started = performance.now();
  const own = { index: 1, signature: partialSign(split.shares[0]!, message) };
  const { signature } = recoverVerified(key, message, [own, ...others]);
  return { ms: signature ? performance.now() - started : null };
}
