/**
 * A distributed validator node: it performs the duties of its cluster's validators with the other nodes of the cluster,
 * no one of which holds a key.
 *
 * @example
 * const peers = await Peers.start({ identity: loadIdentity('node.key'), members, lockHash, listen: ['/ip4/0.0.0.0/tcp/9100'], onMessage });
 * peers.broadcast(1, message);
 */
export { FrameError, IdentityError, NotAMemberError, TwinError } from './errors.ts';
export { createIdentity, createIdentityFile, loadIdentity, type NodeIdentity } from './net/identity.ts';
export { LINK_LIMITS, type LinkLimits } from './net/link.ts';
export { type PeerAddress, type PeerCounters, Peers, type PeersOptions } from './net/peers.ts';
