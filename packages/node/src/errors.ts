import { HoldfastError } from '@holdfast/units';

/** An identity file that is not one, or cannot be used. Why: it is damaged, too open, or of another kind. How to fix: restore it from a backup; a new identity needs a new cluster lock. */
export class IdentityError extends HoldfastError {
  constructor(message: string, path: string, fix: string, cause?: unknown) {
    super('NODE_BAD_IDENTITY', message, { data: { path }, fix, cause });
  }
}

/** This machine's identity is not one of the cluster's. Why: the key belongs to another cluster, or to an operator who was replaced. How to fix: start with the identity that the lock names. */
export class NotAMemberError extends HoldfastError {
  constructor(peerId: string) {
    super('NODE_NOT_A_MEMBER', 'this identity is not in the cluster lock', {
      data: { peerId },
      fix: 'Start the node with the identity whose peer id the lock names, or get a lock that names this one',
    });
  }
}

/** Another running machine uses this identity. Why: the data directory was copied, or an old machine still runs. How to fix: stop the other machine first; never run one share twice. */
export class TwinError extends HoldfastError {
  constructor(peerId: string, seenBy: readonly string[]) {
    super('NODE_TWIN', 'another running node has this identity', {
      data: { peerId, seenBy },
      fix: 'Stop the other machine, wait two epochs, then start this one: one share on two machines is how validators are slashed',
    });
  }
}

/** A frame from a peer that breaks the wire format. Why: the peer is broken or hostile. How to fix: nothing here; the peer is dropped and counted. */
export class FrameError extends HoldfastError {
  constructor(message: string, data: Readonly<Record<string, unknown>>) {
    super('NODE_BAD_FRAME', message, { data });
  }
}
