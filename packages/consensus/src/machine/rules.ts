import { quorumOf } from '../cluster/quorum.ts';
import { instancePrefix } from '../codec/signed.ts';
import type { Authenticator, Message } from '../message.ts';

/** What agreement rests on, each thing replaceable, so that the simulator can take one away and see that it is missed. */
export interface Rules {
  readonly quorum: typeof quorumOf;
  /** How many votes a set of messages is: one for each sender, however often it stands there. */
  readonly votes: (messages: readonly Message[]) => number;
  /** The highest prepared round that a quorum of ROUND-CHANGEs tells of, with its value. */
  readonly highestPrepared: (changes: readonly Message[]) => Message | undefined;
  /** What binds a signature to its cluster and instance. */
  readonly prefix: typeof instancePrefix;
  readonly verify: (authenticator: Authenticator, ...args: Parameters<Authenticator['verify']>) => boolean;
  /** Whether a PRE-PREPARE after the first round needs its quorum of ROUND-CHANGEs. */
  readonly justifiesProposals: boolean;
  /** Whether a vote is made durable before it is sent. */
  readonly persists: boolean;
  /** Whether what others signed is compared with what they sent themselves. */
  readonly comparesQuotes: boolean;
  /** Whether a round ends when its time is over. */
  readonly leavesRounds: boolean;
  /** Whether a ROUND-CHANGE tells what its sender has prepared. */
  readonly tellsPrepared: boolean;
}

export const RULES: Rules = {
  quorum: quorumOf,
  votes: distinctSenders,
  highestPrepared,
  prefix: instancePrefix,
  verify: (authenticator, sender, bytes, signature) => authenticator.verify(sender, bytes, signature),
  justifiesProposals: true,
  persists: true,
  comparesQuotes: true,
  leavesRounds: true,
  tellsPrepared: true,
};

function distinctSenders(messages: readonly Message[]): number {
  return new Set(messages.map(({ sender }) => sender)).size;
}

function highestPrepared(changes: readonly Message[]): Message | undefined {
  let highest: Message | undefined;
  for (const change of changes) {
    if (change.preparedRound > (highest?.preparedRound ?? 0)) highest = change;
  }
  return highest;
}
