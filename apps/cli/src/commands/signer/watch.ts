import type { ProtectionStore } from '@holdfast/protection';
import { Doppelganger, type DoppelgangerEvent, type Log, type OwnHistory } from '@holdfast/signer';
import type { Pubkey } from '@holdfast/units';
import { livenessNode } from './beacon.ts';
import type { Home } from './home.ts';
import { dropWatchFirst, readWatchFirst } from './watch-first.ts';

export interface WatchOptions {
  readonly beaconUrl?: readonly string[] | undefined;
  readonly doppelgangerEpochs: number;
}

/** The watch for second owners, as far as it was asked for. */
export interface Watch {
  check(pubkey: Pubkey): void;
  /** Keys that are about to sign: at the start, and after an import. */
  watch(pubkeys: readonly Pubkey[]): void;
  forget(pubkeys: readonly Pubkey[]): void;
  readonly doppelganger: Doppelganger;
}

/**
 * With beacon nodes every key is watched before its first signature. Without, only those that were imported with
 * --watch-first, and those wait for nodes.
 */
export async function startWatch(
  home: Home,
  protection: ProtectionStore,
  options: WatchOptions,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<Watch> {
  const urls = options.beaconUrl ?? [];
  const nodes = options.doppelgangerEpochs === 0 ? [] : await Promise.all(urls.map(livenessNode));
  const doppelganger = new Doppelganger({
    nodes,
    history: historyOf(protection, home.network.slotsPerEpoch),
    network: home.network,
    epochs: options.doppelgangerEpochs,
    onEvent: (event) => {
      tellWatch(event, log);
      if (event.kind === 'cleared') dropWatchFirst(home, event.pubkeys);
    },
  });
  stack.defer(() => doppelganger.close());
  const mustWait = new Set(readWatchFirst(home));
  const watchesAll = nodes.length > 0;
  if (watchesAll) doppelganger.start();
  else if (mustWait.size > 0) {
    log.error(
      { keys: mustWait.size },
      'these keys must be watched first, and no beacon node is given: they do not sign',
    );
  }
  return {
    doppelganger,
    check: (pubkey) => {
      if (watchesAll || mustWait.has(pubkey)) doppelganger.check(pubkey);
    },
    watch: (pubkeys) => {
      // A key that was here before and left may have signed elsewhere since.
      doppelganger.forget(pubkeys);
      if (watchesAll) doppelganger.watch(pubkeys);
    },
    forget: (pubkeys) => doppelganger.forget(pubkeys),
  };
}

/** The last epoch of each key's history, from the store's minimal export: its highest block and attestation. */
export function historyOf(protection: ProtectionStore, slotsPerEpoch: number): OwnHistory {
  return {
    async lastEpochs(pubkeys) {
      const { data } = await protection.export({ pubkeys, minimal: true });
      return new Map(
        data.flatMap(({ pubkey, signed_blocks: blocks, signed_attestations: attestations }) => {
          const epochs = [
            ...blocks.map(({ slot }) => BigInt(slot) / BigInt(slotsPerEpoch)),
            ...attestations.map(({ target_epoch: target }) => BigInt(target)),
          ];
          return epochs.length === 0 ? [] : [[pubkey, epochs.reduce((a, b) => (a > b ? a : b))] as const];
        }),
      );
    },
  };
}

export function tellWatch(event: DoppelgangerEvent, log: Log): void {
  switch (event.kind) {
    case 'barred': {
      const { pubkey, epoch, node } = event;
      log.error({ pubkey, epoch, node }, 'DOPPELGANGER: another instance signs with this key; it is barred');
      return;
    }
    case 'cleared':
      log.info({ keys: event.pubkeys.length, why: event.why }, 'no second owner seen: these keys may sign');
      return;
    case 'restarted':
      log.warn(
        { keys: event.keys, why: event.why, ms: Math.round(event.ms) },
        'the watch for second owners begins anew',
      );
      return;
    case 'trouble':
      if (event.why.length === 0) log.info({ waiting: event.waiting }, 'the watch for second owners goes on');
      else log.warn({ why: event.why, waiting: event.waiting }, 'the watch for second owners is held up');
  }
}
