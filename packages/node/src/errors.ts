import { HoldfastError } from '@holdfast/units';

/** An identity file that is not one, or cannot be used. it is damaged, too open, or of another kind. restore it from a backup; a new identity needs a new cluster lock. */
export class IdentityError extends HoldfastError {
  constructor(message: string, path: string, fix: string, cause?: unknown) {
    super('NODE_BAD_IDENTITY', message, { data: { path }, fix, cause });
  }
}

/** This machine's identity is not one of the cluster's. the key belongs to another cluster, or to an operator who was replaced. start with the identity that the lock names. */
export class NotAMemberError extends HoldfastError {
  constructor(peerId: string) {
    super('NODE_NOT_A_MEMBER', 'this identity is not in the cluster lock', {
      data: { peerId },
      fix: 'Start the node with the identity whose peer id the lock names, or get a lock that names this one',
    });
  }
}

/** Another running machine uses this identity. the data directory was copied, or an old machine still runs. stop the other machine first; never run one share twice. */
export class TwinError extends HoldfastError {
  constructor(peerId: string, seenBy: readonly string[]) {
    super('NODE_TWIN', 'another running node has this identity', {
      data: { peerId, seenBy },
      fix: 'Stop the other machine, wait two epochs, then start this one: one share on two machines is how validators are slashed',
    });
  }
}

/** A frame from a peer that breaks the wire format. the peer is broken or hostile. nothing here; the peer is dropped and counted. */
export class FrameError extends HoldfastError {
  constructor(message: string, data: Readonly<Record<string, unknown>>) {
    super('NODE_BAD_FRAME', message, { data });
  }
}

/** The beacon node is on another network than the cluster lock. a wrong URL, or a devnet that was started anew. give the beacon node of the lock's network. */
export class ChainMismatchError extends HoldfastError {
  constructor(expected: string, actual: string) {
    super('NODE_WRONG_CHAIN', "the beacon node is not on the cluster's network", {
      data: { expectedGenesisValidatorsRoot: expected, actualGenesisValidatorsRoot: actual },
      fix: 'Give a beacon node of the network that the cluster lock names',
    });
  }
}

/** A duty could not be done in time. too few nodes answered, or the beacon node did not. look at the trace of the duty, it names the stage and who was missing. */
export class DutyError extends HoldfastError {
  constructor(duty: string, why: string, data: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super('NODE_DUTY_MISSED', `${duty}: ${why}`, { data, cause });
  }
}

/** The journal of votes cannot be used. another process has it, the disk failed, or it is of another cluster. stop the other process; a damaged journal may be removed only when the node has been off for an epoch. */
export class JournalError extends HoldfastError {
  constructor(message: string, path: string, cause?: unknown) {
    super('NODE_JOURNAL', message, {
      data: { path },
      fix: 'Make sure no other node runs in this directory; after a resharing start with a new directory',
      cause,
    });
  }
}

/** A remote signer gave no signature. it refused (412), does not know the share (404), or is not well. read its log; a refusal by slashing protection is right and must stand. */
export class RemoteSignerError extends HoldfastError {
  constructor(url: string, status: number, reason: string) {
    super('NODE_REMOTE_SIGNER', 'the remote signer gave no signature', { data: { url, status, reason } });
  }
}

/** A request to exit a validator cannot be written or removed. the directory is not this user's, or the disk is full. run the command as the user of the node, with its --data-dir. */
export class ExitRequestError extends HoldfastError {
  constructor(message: string, path: string, cause?: unknown) {
    super('NODE_EXIT_REQUEST', message, {
      data: { path },
      fix: 'Run it as the user that the node runs as, with the --data-dir of the node',
      cause,
    });
  }
}

/** Too few nodes came to a ceremony. they were not started in time, or cannot be reached. start them within each other's patience, and check the addresses in the definition; nothing was dealt, so the same definition can be used again. */
export class GatheringError extends HoldfastError {
  constructor(absent: readonly { readonly party: number; readonly peerId: string }[], needed: number) {
    super('NODE_TOO_FEW_CAME', 'too few nodes came to the ceremony', {
      data: { absent, needed },
      fix: 'Start the others at the same time, and check that their addresses can be reached; the definition can be used again',
    });
  }
}

/** A validator of this cluster was slashed. something signed twice. find out what, before anything else of this cluster signs again. */
export class OwnSlashedError extends HoldfastError {
  constructor(pubkey: string, index: number) {
    super('NODE_OWN_SLASHED', 'a validator of this cluster was slashed: the node stops all of them', {
      data: { pubkey, index },
      fix: 'Find out what signed twice before you start the node again without this validator',
    });
  }
}

/** Two quorums of the cluster decided differently in one instance: more than f nodes lie or run twice. Stop every node, and find out who signed both before any is started again. */
export class ForkedError extends HoldfastError {
  constructor(duty: string, slot: number) {
    super('NODE_FORKED', 'the cluster decided two different things: the node signs nothing more', {
      data: { duty, slot },
    });
  }
}
