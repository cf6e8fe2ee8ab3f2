import type { DvNode } from '@holdfast/node';
import type { Killed } from '@holdfast/signer';
import type { Context } from '../../context.ts';
import { withoutSecrets } from '../../net/urls.ts';
import { pairs } from '../../ui/table.ts';
import type { Loaded } from './load.ts';

export function tellWaiting(epoch: number, context: Context): void {
  context.tell({ event: 'history.waiting', sinceEpoch: epoch });
  context.warn(
    `what these shares signed is not known: nothing is signed until the chain has justified epoch ${epoch}, about three epochs from now`,
  );
}

export function tellKill(killed: Killed | null, context: Context): void {
  if (killed) tellEvent('error', 'KILL SWITCH: nothing is signed', { ...killed }, context);
  else tellEvent('warn', 'kill switch released: signing goes on', {}, context);
}

export function tellEvent(
  level: 'info' | 'warn' | 'error',
  event: string,
  data: Readonly<Record<string, unknown>>,
  { io, json, style }: Context,
): void {
  const time = new Date().toISOString();
  if (json) {
    io.out(withoutSecrets(`${JSON.stringify({ time, level, event, ...data })}\n`));
    return;
  }
  const paint = level === 'error' ? style.red : level === 'warn' ? style.yellow : style.dim;
  const told = Object.entries(data).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  io.out(withoutSecrets(`${style.dim(time.slice(11, 19))} ${paint(event)} ${told.join(' ')}\n`));
}

export function announce(
  { lock, index, identity, directory }: Loaded,
  node: DvNode,
  pagesUrl: string | null,
  context: Context,
): void {
  const { name, network, threshold, operators } = lock.definition;
  context.tell({
    event: 'ready',
    cluster: name,
    lockHash: lock.lockHash,
    node: index,
    nodes: operators.length,
    threshold,
    peerId: identity.peerId,
    addresses: node.addresses,
    validators: lock.validators.length,
    network: network.name,
    directory,
    statusUrl: pagesUrl,
    pid: process.pid,
  });
  const { bold, dim } = context.style;
  context.say(
    `\n${pairs([
      ['cluster', `${bold(name)} ${dim(lock.lockHash)}`],
      [
        'node',
        operators.length === 1 ? 'alone' : `${index} of ${operators.length}, ${threshold} sign ${dim(identity.peerId)}`,
      ],
      ['validators', String(lock.validators.length)],
      ['network', network.name],
      ...(node.addresses.length > 0 ? [['listening', node.addresses.join(' ')] as const] : []),
      ...(pagesUrl ? [['metrics', `${pagesUrl}/metrics ${dim('/status /healthz')}`] as const] : []),
      ['directory', directory],
    ])}\n${dim('Ctrl-C stops it; SIGUSR2 stops all signing.')}\n\n`,
  );
}
