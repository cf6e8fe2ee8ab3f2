import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { definitionTypedData, operatorTypedData } from '@holdfast/keys';
import { createIdentityFile, loadIdentity, type NodeIdentity } from '@holdfast/node';
import { type Hex, toHex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { readAccount } from '../../secrets/account.ts';
import { writeDurably } from '../../secrets/files.ts';
import type { JoinOptions } from './command.ts';
import { lower } from './create.ts';
import { type Draft, type DraftSignatures, draftText, fullDefinition, readDraft, unsigned } from './draft.ts';
import { DEFAULT_DIRECTORY, IDENTITY_FILE } from './files.ts';
import { merge } from './merge.ts';
import { signAsOperator, verifyOperator } from './signing.ts';
import { tellDraft } from './tell.ts';

/** Enters this operator's node, and signs what can be signed: its entry now, the whole once all have entered. */
export async function runJoin(options: JoinOptions, context: Context): Promise<ExitCode> {
  const at = (path: string): string => resolve(context.io.cwd, path);
  const path = at(options.arguments[0]);
  let draft = readDraft(path);
  for (const other of options.merge ?? []) draft = merge(draft, readDraft(at(other)), at(other));
  const account = readAccount(options, context.io, context.warn);
  const identity = await identityIn(at(options.dataDir ?? DEFAULT_DIRECTORY));
  const publicKey = toHex(identity.privateKey.publicKey.raw);
  const index = seatOf(draft, lower(account.address), publicKey, options.index);
  draft = entered(draft, index, publicKey, options.listenAddress);
  await refuseForged(draft);

  const sign = async (part: keyof DraftSignatures, signature: Promise<Hex>): Promise<void> => {
    draft = withSignature(draft, index, { ...draft.operatorSignatures[index]!, [part]: await signature });
  };
  const full = fullDefinition(draft);
  if (draft.operatorSignatures[index]!.entry === null) {
    await sign('entry', signAsOperator(account, operatorTypedData(partial(draft, index, publicKey), index + 1)));
  }
  if (full && draft.operatorSignatures[index]!.definition === null) {
    await sign('definition', signAsOperator(account, definitionTypedData(full)));
  }
  writeDurably(path, draftText(draft));
  tellDraft(draft, path, context);
  const missing = draft.operatorSignatures.filter(({ definition }) => definition === null).length;
  if (missing === 0) context.say('\nComplete: each operator runs `holdfast dkg` on it, at the same time.\n');
  else if (full)
    context.say(`\n${missing} have still to sign the whole: they run \`holdfast cluster join\` once more.\n`);
  else
    context.say(
      '\nPass it on to the next operator. When all have entered, each runs this once more to sign the whole.\n',
    );
  return EXIT.ok;
}

/** The entry's typed data shows one operator; those who have not joined yet do not stand in it. */
function partial({ definition }: Draft, index: number, identity: Hex) {
  const operators = definition.operators.map((operator, i) => ({
    ...operator,
    identity: i === index ? identity : (operator.identity ?? (`0x${'00'.repeat(32)}` as Hex)),
  }));
  return { ...definition, operators };
}

async function identityIn(directory: string): Promise<NodeIdentity> {
  const path = join(directory, IDENTITY_FILE);
  if (existsSync(path)) return loadIdentity(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return createIdentityFile(path);
}

/** Which operator this is: by its account, and where one account runs several nodes, by node or `--index`. */
function seatOf({ definition }: Draft, address: Hex, identity: Hex, asked: number | undefined): number {
  const { operators } = definition;
  const own = operators.flatMap((operator, i) => (operator.address === address ? [i] : []));
  const known = own.find((i) => operators[i]!.identity === identity);
  const free = own.filter((i) => operators[i]!.identity === null);
  const seat = asked === undefined ? (known ?? free[0] ?? (own.length === 1 ? own[0] : undefined)) : asked - 1;
  if (seat !== undefined && own.includes(seat) && (known === undefined || known === seat)) return seat;
  throw new CliUsageError('this account has no seat here in the definition', {
    data: { account: address, seats: own.map((i) => i + 1), ...(asked === undefined ? {} : { asked }) },
    fix: 'Give the key of an account that the definition names, and --index where it runs several nodes',
  });
}

/** With this operator's node in it. A changed entry makes void what was signed about it. */
function entered(draft: Draft, index: number, identity: Hex, addresses: readonly string[] | undefined): Draft {
  const before = draft.definition.operators[index]!;
  const multiaddrs = addresses ?? before.multiaddrs;
  if (multiaddrs.length === 0 && draft.definition.operators.length > 1) {
    throw new CliUsageError('where the others find this node is not known', {
      fix: 'Give --listen-address, e.g. /ip4/203.0.113.7/tcp/9100 or /dns4/node.example.org/tcp/9100',
    });
  }
  if (before.identity === identity && multiaddrs.join() === before.multiaddrs.join()) return draft;
  const operators = draft.definition.operators.map((operator, i) =>
    i === index ? { ...operator, identity, multiaddrs } : operator,
  );
  // All that was signed over the whole was signed over another one.
  const operatorSignatures = draft.operatorSignatures.map(({ entry }, i) =>
    i === index ? unsigned : { entry, definition: null },
  );
  return { definition: { ...draft.definition, operators }, operatorSignatures };
}

const withSignature = (draft: Draft, index: number, signatures: DraftSignatures): Draft => ({
  ...draft,
  operatorSignatures: draft.operatorSignatures.map((before, i) => (i === index ? signatures : before)),
});

/** Nobody puts his name beside one that was forged. @throws CliUsageError naming whose signature is not */
export async function refuseForged(draft: Draft): Promise<void> {
  const full = fullDefinition(draft);
  for (const [i, { address, identity }] of draft.definition.operators.entries()) {
    const { entry, definition: whole } = draft.operatorSignatures[i]!;
    const fail = (what: string): never => {
      throw new CliUsageError(`the signature of operator ${i + 1} over ${what} is not by its account`, {
        data: { operator: i + 1, address },
        fix: 'The definition was changed after it was signed: take it from whoever signed it, or let that one join again',
      });
    };
    if (entry !== null) {
      const good =
        identity !== null &&
        (await verifyOperator(address, operatorTypedData(partial(draft, i, identity), i + 1), entry));
      if (!good) fail('its entry');
    }
    if (whole !== null && !(full && (await verifyOperator(address, definitionTypedData(full), whole))))
      fail('the whole');
  }
}
