import type { ClusterAct, ClusterNodeRow, ClusterRow, ClusterState } from '@holdfast/dashboard';
import type { ClusterLock } from '@holdfast/keys';
import type { Interchange } from '@holdfast/protection';
import type { Pubkey } from '@holdfast/units';
import { Chronicle, WINDOW_SLOTS } from './Chronicle.ts';
import type { Dealt } from './deal.ts';
import { ClusterNodeError, NodeProcess } from './NodeProcess.ts';

const SLOTS_SHOWN = 4;
/** How a node does is judged by so many slots. */
const SLOTS_JUDGED = 6;

/** One operator's cluster: its node processes, and what is known of them. */
export class OperatorCluster {
  readonly name: string;
  readonly lock: ClusterLock;
  readonly nodes: readonly NodeProcess[];
  readonly #chronicle: Chronicle;
  #fromSlot: number | null = null;

  constructor(name: string, { lock, directories }: Dealt, slotMs: number) {
    this.name = name;
    this.lock = lock;
    this.#chronicle = new Chronicle(slotMs);
    this.nodes = directories.map((directory, at) => {
      const node: NodeProcess = new NodeProcess({
        node: at + 1,
        directory,
        // What one misses because it is kept away from the others is not the cluster's.
        onDigest: (digest) => void (node.cutOff || this.#chronicle.add(digest)),
      });
      return node;
    });
  }

  get pubkeys(): readonly Pubkey[] {
    return this.lock.validators.map(({ pubkey }) => pubkey);
  }

  /** Whether every node reaches every other. */
  get meshed(): boolean {
    return this.nodes.every(({ digest }) => digest?.reached === this.nodes.length - 1);
  }

  /**
   * From this slot on the cluster does the duties.
   *
   * @param historyOf what a validator's key signed until then, for all of its shares
   */
  run(fromSlot: number, historyOf: (shares: readonly Pubkey[]) => Interchange): void {
    this.#fromSlot = fromSlot;
    for (const [at, node] of this.nodes.entries()) {
      const shares = this.lock.validators.map(({ sharePubkeys }) => sharePubkeys[at]!);
      node.tell({ order: 'run', fromSlot, history: historyOf(shares) });
    }
  }

  /** @throws ClusterNodeError when there is no such node, it does not come back, or the cluster is not at work yet */
  async act(number: number, act: ClusterAct): Promise<void> {
    if (this.#fromSlot === null) {
      throw new ClusterNodeError('the cluster is not at work yet', { cluster: this.name }, 'Wait until its nodes run');
    }
    const node = this.nodes[number - 1];
    if (!node) throw new ClusterNodeError('the cluster has no such node', { cluster: this.name, node: number });
    switch (act) {
      case 'kill':
        return node.kill();
      case 'restart':
        return this.#restart(node);
      case 'freeze':
        return node.freeze();
      case 'thaw':
        return node.thaw();
      case 'cutOff':
      case 'reconnect':
        return node.tell({ order: 'cutOff', on: act === 'cutOff' });
      case 'corrupt':
      case 'behave':
        return node.tell({ order: 'corrupt', on: act === 'corrupt' });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** @param slot the chain's newest */
  row(slot: number): ClusterRow {
    this.#chronicle.forget(slot);
    const slots = this.#chronicle.rows();
    const duties = slots.flatMap((each) => each.duties);
    const why = this.#why();
    const state = this.#stateFor(why);
    return {
      name: this.name,
      threshold: this.lock.definition.threshold,
      validators: this.pubkeys,
      state,
      why: state === 'starting' ? null : why,
      nodes: this.nodes.map((node) => this.#nodeRow(node)),
      slots: slots.slice(0, SLOTS_SHOWN),
      done: duties.filter(({ done }) => done === true).length,
      missed: duties.filter(({ done }) => done === false).length,
      window: WINDOW_SLOTS,
    };
  }

  /** It was killed, or is; what it signed is in its directory. */
  async #restart(node: NodeProcess): Promise<void> {
    if (node.state === 'frozen') node.thaw();
    await node.stop();
    await node.start();
    if (this.#fromSlot !== null) node.tell({ order: 'run', fromSlot: this.#fromSlot, history: null });
  }

  #stateFor(why: string | null): ClusterState {
    if (this.#fromSlot === null) return 'starting';
    if (why === null) return 'running';
    const { threshold } = this.lock.definition;
    const slashed = this.nodes.filter(({ digest }) => digest?.slashed).length;
    return slashed > this.nodes.length - threshold ? 'halted' : 'stopped';
  }

  /** Null when enough nodes say that duties can be done; else what one of them says. */
  #why(): string | null {
    const { threshold } = this.lock.definition;
    const present = this.nodes.filter(({ state, cutOff }) => state === 'up' && !cutOff);
    const reports = present.flatMap(({ digest }) => digest ?? []);
    const able = reports.filter(({ stopped }) => stopped === null);
    if (able.length >= threshold) return null;
    const told = reports.find(({ stopped }) => stopped !== null)?.stopped;
    // Its first sentence: keys and advice are for the log.
    return told?.split(' (')[0] ?? `${present.length} of ${this.nodes.length} nodes take part; ${threshold} must agree`;
  }

  #nodeRow(node: NodeProcess): ClusterNodeRow {
    const at = node.node - 1;
    const others = this.nodes.filter((other) => other !== node);
    const { partialMs, late, led } = this.#chronicle.timeliness(node.node, SLOTS_JUDGED);
    return {
      node: node.node,
      state: node.state === 'up' && node.cutOff ? 'cutOff' : node.state,
      corrupt: node.corrupt,
      faults: Math.max(...others.map(({ digest }) => digest?.faults[at] ?? 0)),
      led,
      partialMs,
      late,
    };
  }
}
