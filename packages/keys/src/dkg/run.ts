import { ThresholdError } from '../threshold/errors.ts';
import { Ceremony } from './ceremony.ts';
import type { Party } from './messages.ts';
import type { CeremonyConfig, CeremonyEffect, CeremonyInput, CeremonyResult, Stage } from './types.ts';

/** What a ceremony needs of the world. */
export interface CeremonyPorts {
  /** Sends on the encrypted, authenticated line to this party; it may be down, and errors are the transport's to handle. */
  send(to: Party, bytes: Uint8Array): void;
  /** Hands over what comes in, with the party that the line belongs to, until the returned function is called. */
  subscribe(receive: (from: Party, bytes: Uint8Array) => void): () => void;
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface RunOptions {
  /**
   * How long a round may take, in milliseconds. More than three times the slowest line's delay, plus what the nodes'
   * starts lie apart, plus the work of the round: about 3 ms for each validator and dealer.
   */
  readonly roundMs: number;
  readonly onStage?: (stage: Stage, round: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs a ceremony to its end over a transport. All nodes begin within a fraction of a round of each other.
 *
 * @throws THRESHOLD_TOO_FEW_DEALERS, THRESHOLD_NOT_CONFIRMED, THRESHOLD_NOT_SIGNED, THRESHOLD_NOT_SEALED, THRESHOLD_ABORTED
 */
export function runCeremony(
  config: CeremonyConfig,
  ports: CeremonyPorts,
  options: RunOptions,
): Promise<CeremonyResult> {
  const ceremony = new Ceremony(config);
  return new Promise((resolve, reject) => {
    const cancels: (() => void)[] = [];
    const finish = (settle: () => void): void => {
      for (const cancel of cancels) cancel();
      ceremony.abandon();
      settle();
    };
    const perform = (effect: CeremonyEffect): void => {
      if (effect.kind === 'send') ports.send(effect.to, effect.bytes);
      else if (effect.kind === 'round') options.onStage?.(effect.stage, effect.round);
      else if (effect.kind === 'done') finish(() => resolve(effect.result));
      else finish(() => reject(effect.error));
    };
    const step = (input: CeremonyInput): void => {
      try {
        for (const effect of ceremony.step(input)) perform(effect);
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const abort = (): void =>
      finish(() =>
        reject(new ThresholdError('THRESHOLD_ABORTED', 'the ceremony was called off', { fix: 'No key was made' })),
      );
    if (options.signal?.aborted) {
      abort();
      return;
    }
    options.signal?.addEventListener('abort', abort, { once: true });
    cancels.push(() => options.signal?.removeEventListener('abort', abort));
    // Subscribed before anything is sent: others may have begun.
    cancels.push(ports.subscribe((from, bytes) => step({ kind: 'message', from, bytes })));
    // Rounds are counted from the start, not from each other, so that a node that is early does not drift away.
    for (let round = 0; round < config.plan.rounds; round += 1) {
      cancels.push(ports.after((round + 1) * options.roundMs, () => step({ kind: 'deadline', round })));
    }
    step({ kind: 'start' });
  });
}
