import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconClient } from '@holdfast/beacon';
import { type ClusterLock, decryptKeystore, KeyRing, nodeIndexOf, partialSign } from '@holdfast/keys';
import {
  DvNode,
  ExitRequestFiles,
  loadIdentity,
  type NodeIdentity,
  OwnSlashedError,
  requestedExits,
  type ShareSigner,
  serveStatus,
  serviceSigner,
} from '@holdfast/node';
import { openSqliteProtection, type ProtectionStore } from '@holdfast/protection';
import { allOf, clientOf, SignerGate, SignerService } from '@holdfast/signer';
import { type Pubkey, toHex } from '@holdfast/units';
import { IDENTITY_FILE, KEYSTORES, LOCK_FILE, readVerifiedLock } from '../../cluster/files.ts';
import { findKeystores } from '../../keys/files.ts';
import { LivePolicy } from '../../signer/policy.ts';
import { type NodeDigest, type NodeOrder, type NodeReport, type NodeSetup, SETUP_FILE } from './protocol.ts';

const REPORT_MS = 500;
/** A report tells of so many slots; the parent remembers the others. */
const SLOTS_TOLD = 4;
const SLOTS_AHEAD_MAX = 32;
/** Where nobody is: the discard port. */
const NOWHERE = ['/ip4/127.0.0.1/tcp/9'];

interface Parts {
  readonly directory: string;
  readonly lock: ClusterLock;
  readonly identity: NodeIdentity;
  /** From 1. */
  readonly index: number;
  readonly setup: NodeSetup;
  readonly protection: ProtectionStore;
  readonly ring: KeyRing;
  /** Shares by their public keys. */
  readonly secrets: ReadonlyMap<Pubkey, Uint8Array>;
}

/** A node that can be cut off from the others, and made to lie. */
export class DevnetNode {
  readonly #parts: Parts;
  readonly #signer: ShareSigner;
  #node: DvNode | null = null;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #fromSlot: number | null = null;
  #halted: string | null = null;
  #slashed = false;
  #cutOff = false;
  #corrupt = false;
  #closing = false;
  /** Orders are carried out one after the other. */
  #work: Promise<void> = Promise.resolve();
  #told = '';

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#signer = this.#lying(honestSigner(parts));
  }

  static async open(directory: string): Promise<DevnetNode> {
    const setup = JSON.parse(readFileSync(join(directory, SETUP_FILE), 'utf8')) as NodeSetup;
    const { lock } = await readVerifiedLock(join(directory, LOCK_FILE));
    const identity = loadIdentity(join(directory, IDENTITY_FILE));
    const index = nodeIndexOf(lock.definition, toHex(identity.privateKey.publicKey.raw));
    const password = readFileSync(join(directory, 'password'), 'utf8').trim();
    const shares = findKeystores([join(directory, KEYSTORES)]).map(({ json }) => decryptKeystore(json, password));
    const protection = await openSqliteProtection({
      path: join(directory, 'protection.sqlite'),
      genesisValidatorsRoot: setup.network.genesisValidatorsRoot,
    });
    // The ring erases what it takes in, and a liar needs the shares too.
    const secrets = new Map(shares.map(({ pubkey, secret }) => [pubkey, Uint8Array.from(secret)]));
    const ring = await KeyRing.create({ threads: 1, queueMax: 256 });
    ring.add(shares);
    return new DevnetNode({ directory, lock, identity, index, setup, protection, ring, secrets });
  }

  /** Starts the links, and tells the parent. */
  async begin(): Promise<void> {
    await this.#start();
    const pages = await serveStatus(
      {
        metrics: async () => (this.#node ? this.#node.metrics.registry.metrics() : ''),
        status: () => this.#node?.status() ?? null,
        unwell: () => this.#unwell(),
      },
      0,
    );
    setInterval(() => this.#tell(), REPORT_MS).unref();
    send({ report: 'ready', statusUrl: pages.url });
  }

  obey(order: NodeOrder): void {
    if (order.order === 'corrupt') this.#corrupt = order.on;
    else if (order.order === 'stop') void this.close();
    else this.#then(() => (order.order === 'run' ? this.#enter(order) : this.#cut(order.on)));
  }

  /** Ends duties and links, has everything on disk, and lets the process end. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#stop.abort();
    await this.#work;
    await this.#end();
    await this.#parts.ring.close();
    await this.#parts.protection.close();
    process.exit(0);
  }

  async #enter({ fromSlot, history }: Extract<NodeOrder, { order: 'run' }>): Promise<void> {
    if (history) await this.#parts.protection.import(history);
    this.#fromSlot = fromSlot;
    this.#run();
  }

  /** The node goes on with its duties, alone: it listens where nobody looks, and looks where nobody is. */
  async #cut(on: boolean): Promise<void> {
    if (on === this.#cutOff) return;
    this.#cutOff = on;
    await this.#end();
    await this.#start();
    this.#run();
  }

  async #start(): Promise<void> {
    const { directory, lock, identity, index, setup } = this.#parts;
    const { operators } = lock.definition;
    this.#stop = new AbortController();
    this.#node = await DvNode.start({
      lock,
      identity,
      beacon: new BeaconClient({ urls: [setup.beaconUrl] }),
      signer: this.#signer,
      exits: new ExitRequestFiles(directory),
      journal: join(directory, 'votes.sqlite'),
      listen: this.#cutOff ? ['/ip4/127.0.0.1/tcp/0'] : operators[index - 1]!.multiaddrs,
      ...(this.#cutOff ? { addresses: new Map(operators.map((_, at) => [at, NOWHERE])) } : {}),
      log: (level, event, data) => tell(level, event, data),
    });
  }

  #run(): void {
    const [node, fromSlot, { signal }] = [this.#node, this.#fromSlot, this.#stop];
    if (node === null || fromSlot === null || this.#closing) return;
    this.#running = (async () => {
      await sleep(Math.max(0, node.chain.startMs(fromSlot) - Date.now()), undefined, { signal });
      await node.run(signal);
    })().catch((error: unknown) => {
      if (signal.aborted) return;
      // The node has told its log.
      this.#halted = error instanceof Error ? error.message : String(error);
      this.#slashed = error instanceof OwnSlashedError;
    });
  }

  async #end(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#node?.close();
    this.#node = null;
  }

  /** What a traitor sends instead of its partial signature: one by its own share, over something else. */
  #lying(honest: ShareSigner): ShareSigner {
    return {
      sign: async (share, request, signal) => {
        const signature = await honest.sign(share, request, signal);
        if (!this.#corrupt) return signature;
        return partialSign(this.#parts.secrets.get(share)!, createHash('sha256').update(signature).digest());
      },
    };
  }

  #then(task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      this.#halted = error instanceof Error ? error.message : String(error);
      tell('error', 'order.failed', { why: this.#halted });
    });
  }

  #unwell(): string | null {
    return this.#halted ?? (this.#node ? this.#node.unwell() : 'the node is not started');
  }

  #tell(): void {
    const node = this.#node;
    if (node === null) return;
    const { nodes, duties, slot } = node.status();
    const from = Math.max(this.#fromSlot ?? 0, slot - SLOTS_TOLD + 1);
    const digest: NodeDigest = {
      stopped: this.#unwell(),
      slashed: this.#slashed,
      reached: nodes.filter(({ up }) => up).length - 1,
      faults: nodes.map(({ faults }) => faults),
      duties: duties.filter((duty) => duty.slot >= from),
    };
    const text = JSON.stringify(digest);
    if (text === this.#told) return;
    this.#told = text;
    send({ report: 'digest', digest });
  }
}

/** Policy, the node's own durable protection, and the share. */
function honestSigner({ directory, lock, index, setup, protection, ring }: Parts): ShareSigner {
  const { network, vault } = setup;
  const rules = { vault: [vault], feeRecipient: [vault], allowExits: true, slotsAheadMax: SLOTS_AHEAD_MAX };
  const validators = new Map(lock.validators.map(({ pubkey, sharePubkeys }) => [sharePubkeys[index - 1]!, pubkey]));
  const exits = requestedExits(new ExitRequestFiles(directory), (share) => validators.get(share));
  const policy = allOf(new LivePolicy(rules, network), exits);
  const open = { check: () => undefined };
  const gate = new SignerGate({ kill: open, lease: open });
  const service = new SignerService({ keys: ring, protection, policy, gate, network });
  return serviceSigner(service, clientOf({ name: 'node', keys: 'all', types: 'all' }));
}

function send(report: NodeReport): void {
  if (process.connected) process.send?.(report);
}

function tell(level: string, event: string, data: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...data })}\n`);
}
