import { createKeeper, jsonLog, type Log, type LogEvent } from '@holdfast/keeper';
import { formatEth } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliNetworkError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { requireManifest } from '../../manifest.ts';
import { connect } from '../../net/clients.ts';
import { listenOn } from '../../net/ports.ts';
import { withoutSecrets } from '../../net/urls.ts';
import { requireNetwork } from '../../options/common.ts';
import { readAccount } from '../../secrets/account.ts';
import { unlessStopped, untilStopped } from '../../stop.ts';
import { pairs } from '../../ui/table.ts';
import type { KeeperCommandOptions } from './command.ts';

export async function runKeeper(options: KeeperCommandOptions, context: Context): Promise<ExitCode> {
  const manifest = requireManifest(options.manifest);
  const account = readAccount(options, context.io, context.warn);
  const { rpcUrl, beaconUrls } = requireNetwork(options);
  const clients = await connect(rpcUrl, beaconUrls);
  const balance = await clients.publicClient.getBalance({ address: account.address });
  const keeper = createKeeper({
    manifest,
    publicClient: clients.publicClient,
    beaconClient: clients.beaconClient,
    walletClient: clients.wallet(account),
    options: {
      checkpointEveryS: options.checkpointEvery,
      baseFeeWeiMax: options.baseFeeMax,
      maxFeePerGasMax: options.maxFeeMax,
    },
    log: context.json ? jsonLog((line) => context.io.out(withoutSecrets(line))) : humanLog(context),
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => keeper.stop());
  context.say(
    pairs([
      ['account', `${account.address}, ${formatEth(balance)} ETH`],
      ['vault', `${manifest.addresses.vault} on chain ${manifest.chainId}`],
    ]),
  );
  if (balance === 0n) context.warn('the account has no ether to pay for gas');
  if (options.metricsPort !== undefined) {
    const { url } = await listenOn(options.metricsPort, options.metricsPort, (port) => keeper.serve({ port }));
    context.say(`${pairs([['metrics', `${url}/metrics`]])}`);
    context.tell({ level: 'info', event: 'metrics.served', url });
  }
  if (!options.once) {
    // A round under way is finished by `stop`; an event stream that will not end is not waited for.
    await Promise.race([keeper.run(context.signal), untilStopped(context.signal)]);
    return EXIT.ok;
  }
  const report = await unlessStopped(keeper.tick(), context.signal);
  context.tell({ level: 'info', event: 'tick', ...report });
  if (report.ok) return EXIT.ok;
  throw new CliNetworkError('the round failed', { data: { errors: report.errors } });
}

/** A line an event: when, what, and whatever it says of itself. */
function humanLog({ io, style }: Context): Log {
  const paint = { debug: style.dim, info: (text: string) => text, warn: style.yellow, error: style.red };
  return (event: LogEvent) => {
    if (event.level === 'debug') return;
    const { level, event: name, ...values } = event;
    const told = Object.entries(values)
      .filter(([, value]) => value !== null && value !== undefined && typeof value !== 'object')
      .map(([key, value]) => `${key}=${value}`);
    const error = values.error as { code?: string; message?: string } | null | undefined;
    if (error) told.push(`${error.code}: ${error.message}`);
    const time = new Date().toISOString().slice(11, 19);
    io.out(withoutSecrets(`${style.dim(time)} ${paint[level](name)} ${told.join(' ')}\n`));
  };
}
