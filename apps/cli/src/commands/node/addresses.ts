import type { ClusterOperator } from '@holdfast/keys';
import { InvalidArgumentError } from 'commander';
import { CliUsageError } from '../../errors.ts';
import { multiaddr } from '../cluster/command.ts';

export interface PeerOverride {
  /** From 1. */
  readonly node: number;
  readonly address: string;
}

/** `2=/ip4/10.0.0.2/tcp/9100`. */
export function peerOverride(text: string): PeerOverride {
  const at = text.indexOf('=');
  const node = Number(text.slice(0, at));
  if (at < 1 || !Number.isInteger(node) || node < 1 || node > 31) {
    throw new InvalidArgumentError('It must be a node and its address, such as 2=/ip4/10.0.0.2/tcp/9100.');
  }
  return { node, address: multiaddr(text.slice(at + 1)) };
}

/** By node (from 1): where it is, in place of what the lock says. @throws CliUsageError */
export function overridesOf(peers: readonly PeerOverride[] | undefined, nodes: number): Map<number, string[]> {
  const overrides = new Map<number, string[]>();
  for (const { node, address } of peers ?? []) {
    if (node > nodes)
      throw new CliUsageError('--peer names a node that the cluster does not have', { data: { node, nodes } });
    overrides.set(node, [...(overrides.get(node) ?? []), address]);
  }
  return overrides;
}

/**
 * Where to listen: as asked, else on the port that the others know, on every interface; on loopback only if that is
 * where they look.
 */
export function listenOf(
  asked: readonly string[] | undefined,
  { multiaddrs }: Pick<ClusterOperator, 'multiaddrs'>,
): string[] {
  if (asked && asked.length > 0) return [...asked];
  const listen = multiaddrs.flatMap((address) => {
    const [, kind, host, , port] = address.split('/');
    if (kind === 'ip4' && host?.startsWith('127.')) return [`/ip4/${host}/tcp/${port}`];
    return [kind === 'ip6' ? `/ip6/::/tcp/${port}` : `/ip4/0.0.0.0/tcp/${port}`];
  });
  return [...new Set(listen)];
}
