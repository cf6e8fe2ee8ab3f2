import type { KeyRing } from '@holdfast/keys';
import type { ProtectionStore } from '@holdfast/protection';
import { KillSwitch, type Log, SignerGate, SignerMetrics, SignerService, watchGate } from '@holdfast/signer';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import type { SignerCommandOptions } from './command.ts';
import type { Home } from './home.ts';
import { LiveKeys } from './keys.ts';
import { own } from './owned.ts';
import { LivePolicy } from './policy.ts';
import { openSeal } from './secrets.ts';
import { openStore } from './store.ts';
import { startWatch, type Watch } from './watch.ts';

const VERSION = '0.1.0';

/** A signer, put together and not listening yet. */
export interface Engine {
  readonly service: SignerService;
  readonly keys: LiveKeys;
  readonly protection: ProtectionStore;
  readonly policy: LivePolicy;
  readonly gate: SignerGate;
  readonly kill: KillSwitch;
  readonly watch: Watch;
  readonly metrics: SignerMetrics;
  /** Rejects when the directory is lost to another owner. */
  readonly lost: Promise<never>;
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
}

/** Takes the directory, then opens everything in it, in the order in which each guards the next; `stack` undoes it. */
export async function startEngine(
  home: Home,
  options: SignerCommandOptions,
  context: Context,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<Engine> {
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const lease = await own(home, 'signer', context, stack, (error) => {
    log.fatal({ err: error }, 'ownership of the directory is lost: nothing is signed any more');
    lost.reject(error);
  });
  const kill = new KillSwitch({ directory: home.directory, onChange: (killed) => tellKill(killed, log) });
  stack.defer(() => kill.close());
  kill.watch();
  const policy = new LivePolicy(options, home.network);
  // What comes up after the store, and the store wants to know.
  const later: { metrics?: SignerMetrics; ring?: KeyRing } = {};
  const protection = await context.progress.step('Opening the slashing protection', () =>
    openStore(home, options, context, stack, {
      onCommit: (duties) => later.metrics?.commit(duties),
      gatherWhile: () => later.ring?.busy ?? false,
    }),
  );
  const kek = await openSeal(home, options, context);
  stack.defer(() => kek.close());
  const watch = await startWatch(home, protection, options, log, stack);
  const create = options.init === true;
  const keys = await context.progress.step('Unsealing the keys', async (detail) => {
    const opened = await LiveKeys.open(home, kek, threadsOf(options, create), stack);
    detail(`${opened.size}`);
    await opened.load(watch.watch);
    return opened;
  });
  await warnOfForgotten(keys.ring.pubkeys, protection, log);
  const gate = new SignerGate({ kill, lease, doppelganger: watch });
  const metrics = new SignerMetrics({ version: VERSION, keysLoaded: () => keys.ring.size });
  Object.assign(later, { metrics, ring: keys.ring });
  watchGate(metrics.registry, { kill, doppelganger: watch.doppelganger });
  const service = new SignerService({
    keys: keys.ring,
    protection,
    policy,
    gate,
    network: home.network,
    hooks: {
      onSign: ({ checkMs, protectMs, signMs }) => {
        metrics.stage('check', checkMs / 1000);
        if (protectMs > 0) metrics.stage('protect', protectMs / 1000);
        if (signMs > 0) metrics.stage('sign', signMs / 1000);
      },
    },
  });
  const checks = { 'kill-switch': async () => kill.check(), ownership: async () => lease.check() };
  return { service, keys, protection, policy, gate, kill, watch, metrics, lost: lost.promise, checks };
}

const threadsOf = ({ threads }: SignerCommandOptions, create: boolean) =>
  threads === undefined ? { create } : { create, threads };

/** Sealed keys that the store does not know have no memory: it refuses them, and somebody should know why. */
async function warnOfForgotten(pubkeys: readonly Pubkey[], protection: ProtectionStore, log: Log): Promise<void> {
  const known = new Set((await protection.watermarks(pubkeys)).map(({ pubkey }) => pubkey));
  const forgotten = pubkeys.filter((pubkey) => !known.has(pubkey));
  if (forgotten.length === 0) return;
  log.error(
    { keys: forgotten.length, first: forgotten[0] },
    'the slashing protection does not know these keys: they sign no block and no attestation until their history is imported',
  );
}

function tellKill(killed: ReturnType<KillSwitch['state']>, log: Log): void {
  if (!killed) log.warn('the kill switch is released: signing goes on');
  else
    log.error(
      { by: killed.by, why: killed.why, at: killed.at, durable: killed.durable },
      'KILL SWITCH: nothing is signed',
    );
}
