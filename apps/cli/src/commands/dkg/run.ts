import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type CeremonyPlan,
  definitionHash,
  type Fault,
  type Party,
  planCeremony,
  ThresholdError,
  verifyOperators,
} from '@holdfast/keys';
import { type CeremonyEvent, type CeremonyOutcome, holdCeremony, peerIdOf } from '@holdfast/node';
import { type Hex, toHex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { writeDurably } from '../../secrets/files.ts';
import { pairs } from '../../ui/table.ts';
import { type CompleteDraft, complete, readDraft } from '../cluster/draft.ts';
import { DEFAULT_DIRECTORY, LOCK_FILE } from '../cluster/files.ts';
import { verifyOperator } from '../cluster/signing.ts';
import { listenOf, overridesOf } from '../node/addresses.ts';
import { keystoreKeeper, sealedKeeper } from '../node/shares.ts';
import { sealOf } from '../signer/home.ts';
import { own } from '../signer/owned.ts';
import type { DkgOptions } from './command.ts';
import { identityFor, type Previous, readPrevious } from './previous.ts';
import { type Home, writeResult } from './result.ts';

export async function runDkg(options: DkgOptions, context: Context): Promise<ExitCode> {
  await using stack = new AsyncDisposableStack();
  const draft = complete(readDraft(resolve(context.io.cwd, options.arguments[0])));
  await verifyOperators(draft.definition, draft.operatorSignatures, verifyOperator);
  const directory = resolve(context.io.cwd, options.dataDir ?? DEFAULT_DIRECTORY);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await own({ directory }, 'dkg', context, stack);
  const previous = await readPrevious(options, draft.definition.generation, context, stack);
  const plan = planCeremony(draft.definition, previous?.verified);
  const { path: identityPath, identity } = identityFor(directory, previous);
  const marker = join(directory, `ceremony-${toHex(plan.id).slice(2, 18)}`);
  refuseUsed(directory, marker);
  const seal = options.sealed ? (sealOf(options) ?? ({ kind: 'passphrase' } as const)) : null;
  const passwordFile = options.passwordFile === undefined ? undefined : resolve(context.io.cwd, options.passwordFile);
  const keeper = seal
    ? await sealedKeeper(directory, seal, options, context, stack)
    : keystoreKeeper(directory, passwordFile, context);
  const home: Home = { directory, identityPath, keeper, seal };
  const publicKey = toHex(identity.privateKey.publicKey.raw);

  const outcome = await context.progress.step('Making keys', async (detail) => {
    try {
      return await holdCeremony({
        plan,
        operatorSignatures: draft.operatorSignatures,
        identity,
        listen: listenOf(options.listen, ownEntry(draft, previous, publicKey)),
        addresses: addressesOf(plan, options),
        patienceMs: options.patienceSeconds * 1000,
        ...(options.roundSeconds === undefined ? {} : { roundMs: options.roundSeconds * 1000 }),
        ...(previous?.membership ? { oldShares: previous.membership.shares.map(({ secret }) => secret) } : {}),
        random: randomBytes,
        signal: context.signal,
        onBegin: () => writeDurably(marker, `${new Date().toISOString()} ${definitionHash(draft.definition)}\n`),
        onProgress: (event) => tellProgress(event, plan, context, detail),
      });
    } catch (error) {
      if (error instanceof ThresholdError) nameThose(error, plan, context);
      throw error;
    }
  });
  try {
    const deposits = await context.progress.step('Writing what came of it', () => writeResult(outcome, home, previous));
    return tellOutcome(outcome, plan, home, deposits, context);
  } finally {
    for (const share of outcome.shares) share.fill(0);
  }
}

/** @throws CliUsageError where a ceremony was finished, or begun, here before */
function refuseUsed(directory: string, marker: string): void {
  if (existsSync(join(directory, LOCK_FILE))) {
    throw new CliUsageError('this directory holds a lock already', {
      data: { directory },
      fix: 'Each cluster, and each generation of one, needs a directory of its own: give another --data-dir',
    });
  }
  if (!existsSync(marker)) return;
  throw new CliUsageError('a ceremony of this definition was begun here before, and is not finished', {
    data: { marker },
    fix: 'If the others have a lock, have it re-dealt to this node (holdfast cluster reshare); else begin anew with another definition (holdfast cluster create)',
  });
}

function ownEntry({ definition }: CompleteDraft, previous: Previous | null, publicKey: Hex) {
  const known = [...definition.operators, ...(previous?.verified.lock.definition.operators ?? [])];
  return known.find(({ identity }) => identity === publicKey) ?? { multiaddrs: [] };
}

function addressesOf({ identities }: CeremonyPlan, { peer }: DkgOptions): Map<Hex, string[]> {
  return new Map(
    [...overridesOf(peer, identities.length)].map(([node, addresses]) => [identities[node - 1]!, addresses]),
  );
}

function tellProgress(
  event: CeremonyEvent,
  plan: CeremonyPlan,
  context: Context,
  detail: (text: string) => void,
): void {
  context.tell({ event: `dkg.${event.kind}`, ...event });
  switch (event.kind) {
    case 'waiting': {
      const waiting = event.absent.map((party) => `node ${party}`).join(', ');
      detail(event.absent.length === 0 ? 'all are here' : `waiting for ${waiting}`);
      if (event.absent.length > 0) context.progress.note(`  waiting for ${waiting}`);
      return;
    }
    case 'otherRounds':
      context.warn(
        `${nameOf(event.party, plan)} counts rounds of ${event.roundMs / 1000} s: give all the same --round-seconds`,
      );
      return;
    case 'begun':
      for (const party of event.absent) context.warn(`beginning although ${nameOf(party, plan)} was not heard yet`);
      return;
    case 'stage':
      detail(`${event.stage}, round ${event.round + 1} of ${event.rounds}`);
  }
}

function tellOutcome(
  outcome: CeremonyOutcome,
  plan: CeremonyPlan,
  { directory, keeper }: Home,
  deposits: readonly string[],
  context: Context,
): ExitCode {
  const { lock, index, faults, bytesSent, bytesReceived } = outcome;
  context.tell({
    event: 'dkg.done',
    lockHash: lock.lockHash,
    node: index ?? null,
    validators: lock.validators.map(({ pubkey }) => pubkey),
    faults: faults.map((fault) => ({ ...fault, peerId: peerIdOf(plan.identities[fault.party - 1]!) })),
    directory,
    deposits,
    bytesSent,
    bytesReceived,
  });
  for (const fault of faults) context.warn(sentenceOf(fault, plan));
  context.say(
    index === undefined
      ? '\nThe validators were re-dealt without this node. Its shares are void: its directory may be removed.\n'
      : `\n${pairs([
          ['lock', `${join(directory, LOCK_FILE)} (${lock.lockHash})`],
          ['node', `${index} of ${plan.scheme.nodes}`],
          ['validators', String(lock.validators.length)],
          ['shares', keeper.where],
          ...deposits.map((path) => ['deposit data', path] as const),
        ])}\nBack up the directory, each node for itself. Then: holdfast node --data-dir ${directory} --beacon-url …\n`,
  );
  return EXIT.ok;
}

const sentenceOf = ({ party, reason, excluded }: Fault, plan: CeremonyPlan): string =>
  `${nameOf(party, plan)} was at fault: ${reason}${excluded ? '; its dealing was left out' : ''}`;

/** An error of the ceremony speaks of numbers: here is who they are. */
function nameThose(error: ThresholdError, plan: CeremonyPlan, context: Context): void {
  const faults = (error.data as { faults?: readonly string[] }).faults ?? [];
  for (const fault of faults) {
    const party = Number.parseInt(fault, 10);
    if (party >= 1 && party <= plan.identities.length)
      context.warn(`${nameOf(party, plan)}${fault.slice(fault.indexOf(':'))}`);
  }
}

function nameOf(party: Party, { definition, previous, identities }: CeremonyPlan): string {
  const identity = identities[party - 1]!;
  const known = [...definition.operators, ...(previous?.lock.definition.operators ?? [])];
  const operator = known.find((each) => each.identity === identity);
  return `node ${party} (${peerIdOf(identity)}${operator ? `, operator ${operator.address}` : ''})`;
}
