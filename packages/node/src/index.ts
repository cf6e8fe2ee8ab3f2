/**
 * A distributed validator node: it performs the duties of its cluster's validators with the other nodes of the cluster,
 * no one of which holds a key. A cluster of one is a plain validator client.
 *
 * @example
 * const node = await DvNode.start({ lock, identity: loadIdentity('node.key'), beacon, signer: serviceSigner(service, client),
 *   journal: 'votes.sqlite', listen: ['/ip4/0.0.0.0/tcp/9100'] });
 * await node.run(signal); // duties until the signal fires
 */
export {
  type CeremonyEvent,
  type CeremonyOptions,
  type CeremonyOutcome,
  defaultRoundMs,
  holdCeremony,
} from './ceremony/hold.ts';
export { Chain } from './chain.ts';
export { type Clock, systemClock } from './clock.ts';
export { identityAuthenticator } from './cluster/authenticator.ts';
export {
  CHANNELS,
  type ClusterNode,
  type ClusterObserver,
  DvCluster,
  type DvClusterOptions,
} from './cluster/DvCluster.ts';
export { Journal } from './cluster/Journal.ts';
export type { SharedValidator, ShareSigner } from './cluster/Signing.ts';
export { decodePartials, encodePartials, type PartialsMessage, type WirePartial } from './cluster/wire.ts';
export { DvNode, type DvNodeOptions, type NodeStatus } from './DvNode.ts';
export { type AttestContext, attest } from './duties/attest.ts';
export type { AgreedDuty, AgreeRequest, DutyObserver, SigningTask } from './duties/ports.ts';
export { type ProposeContext, propose } from './duties/propose.ts';
export { Tasks } from './duties/tasks.ts';
export {
  ChainMismatchError,
  DutyError,
  ExitRequestError,
  ForkedError,
  FrameError,
  GatheringError,
  IdentityError,
  JournalError,
  NotAMemberError,
  OwnSlashedError,
  RemoteSignerError,
  TwinError,
} from './errors.ts';
export { EXIT_STATES, type ExitState, type ExitStatus } from './exits/Exits.ts';
export { describeOutlook, type ExitOutlook, exitOutlook } from './exits/outlook.ts';
export { requestedExits } from './exits/policy.ts';
export { type BadExitRequest, type ExitRequest, ExitRequestFiles, type ExitRequests } from './exits/requests.ts';
export {
  createIdentity,
  createIdentityFile,
  identityFromSeed,
  loadIdentity,
  type NodeIdentity,
  peerIdOf,
} from './net/identity.ts';
export { LINK_LIMITS, type LinkLimits } from './net/link.ts';
export type { Links, OpenLinks } from './net/links.ts';
export { type PeerAddress, type PeerCounters, Peers, type PeersOptions } from './net/peers.ts';
export { type StatusServer, serveStatus } from './report/serve.ts';
export type { DutyTrace } from './report/Trace.ts';
export { type RemoteSignerOptions, remoteSigner } from './sign/remote.ts';
export { serviceSigner } from './sign/service.ts';
