import { DEV_MNEMONIC, Devnet, devAccounts, gethGenesis, type RpcServer, serveJsonRpc } from '@holdfast/devnet';
import { formatEth } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { listenOn } from '../../net/ports.ts';
import { untilStopped } from '../../stop.ts';
import { pairs } from '../../ui/table.ts';
import type { DevnetCommandOptions } from './command.ts';
import { startExecution } from './execution.ts';

export async function runDevnet(options: DevnetCommandOptions, context: Context): Promise<ExitCode> {
  const now = Math.floor(Date.now() / 1000);
  if (options.printGenesis) {
    const genesis = { chainId: 31337, timestamp: now, gasLimit: 60_000_000n, baseFeePerGas: 1_000_000_000n };
    context.io.out(`${JSON.stringify(gethGenesis({ ...genesis, accounts: devAccounts() }), null, 2)}\n`);
    return EXIT.ok;
  }
  await using stack = new AsyncDisposableStack();
  const { devnet, rpc, beaconUrl } = await context.progress.step('Starting the chain', async () => {
    const execution = await startExecution(options, now, options.slotSeconds);
    return startChain(stack, options, () =>
      Devnet.create({
        execution,
        fork: options.fork,
        validators: options.validators,
        secondsPerSlot: options.slotSeconds,
        ...(options.manual ? {} : { genesisTime: 'now' }),
      }),
    );
  });
  if (!options.manual) devnet.start();
  announce(context, options, devnet, rpc.url, beaconUrl);
  await watched(devnet, context.signal);
  await context.progress.step('Stopping', () => stack.disposeAsync());
  return EXIT.ok;
}

export interface Ports {
  readonly rpcPort?: number | undefined;
  readonly beaconPort?: number | undefined;
}

/** A devnet behind both its APIs; `stack` stops it all. */
export async function startChain(
  stack: AsyncDisposableStack,
  ports: Ports,
  create: () => Promise<Devnet>,
): Promise<{ devnet: Devnet; rpc: RpcServer; beaconUrl: string }> {
  const devnet = await create();
  stack.defer(() => devnet.close());
  const rpc = await listenOn(ports.rpcPort, 8545, (port) => serveJsonRpc(devnet.execution, { port }));
  stack.defer(() => rpc.close());
  const { url: beaconUrl } = await listenOn(ports.beaconPort, 5052, (port) => devnet.listen({ port }));
  return { devnet, rpc, beaconUrl };
}

/** How often it is looked whether the chain still moves, in milliseconds. */
const WATCH_MS = 1_000;

/** Resolves when asked to stop; rejects with what stopped the chain, should it stop on its own. */
export async function watched(devnet: Devnet, signal: AbortSignal): Promise<void> {
  let wasRunning = devnet.running;
  let timer: NodeJS.Timeout | undefined;
  const broken = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      // Stopped by its control endpoint it has no failure, and `stop` does nothing more.
      if (wasRunning && !devnet.running) devnet.stop().catch(reject);
      wasRunning = devnet.running;
    }, WATCH_MS);
  });
  try {
    await Promise.race([untilStopped(signal), broken]);
  } finally {
    clearInterval(timer);
  }
}

function announce(
  context: Context,
  options: DevnetCommandOptions,
  devnet: Devnet,
  rpcUrl: string,
  beaconUrl: string,
): void {
  const accounts = devAccounts();
  const { chainId, genesisTime } = devnet.status();
  context.tell({
    event: 'ready',
    rpcUrl,
    beaconUrl,
    devnetUrl: beaconUrl,
    chainId,
    genesisTime,
    secondsPerSlot: options.slotSeconds,
    fork: options.fork,
    adapter: options.adapter,
    manual: options.manual === true,
    mnemonic: DEV_MNEMONIC,
    accounts: accounts.map(({ address, privateKey }) => ({ address, privateKey })),
  });
  const { bold, yellow, dim } = context.style;
  context.say(
    `\n${pairs([
      ['JSON-RPC', bold(rpcUrl)],
      ['Beacon API', bold(beaconUrl)],
      ['Control', `${beaconUrl}/holdfast/v1/status ${dim('(step, start, stop, faults, tamper)')}`],
      ['Chain', `id ${chainId}, ${options.fork}, ${options.validators} validators, ${pace(options)}`],
    ])}\n`,
  );
  context.say(`${yellow('Known to everybody: never send real money to these accounts.')}\n  ${DEV_MNEMONIC}\n`);
  for (const { address, privateKey, balance } of accounts) {
    context.say(`  ${address}  ${dim(privateKey)}  ${formatEth(balance)} ETH\n`);
  }
  context.say(`\n${dim('Ctrl-C stops it.')}\n`);
}

const pace = ({ manual, slotSeconds }: DevnetCommandOptions): string =>
  manual ? 'stepped by hand' : `a slot every ${slotSeconds} s`;
