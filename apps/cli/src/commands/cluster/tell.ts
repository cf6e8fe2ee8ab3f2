import { type ClusterDefinition, type ClusterLock, peerIdOf } from '@holdfast/keys';
import type { Context } from '../../context.ts';
import { pairs, table } from '../../ui/table.ts';
import type { Draft } from './draft.ts';

/** A definition that is not complete yet: who has joined, who has signed. */
export function tellDraft(draft: Draft, path: string, context: Context): void {
  const { definition, operatorSignatures } = draft;
  const states = operatorSignatures.map(({ entry, definition: whole }) =>
    entry === null ? 'not joined' : whole === null ? 'joined' : 'signed',
  );
  context.tell({
    path,
    ...definition,
    operators: definition.operators.map((operator, i) => ({
      ...operator,
      peerId: operator.identity && peerIdOf(operator.identity),
      state: states[i],
    })),
    complete: states.every((state) => state === 'signed'),
  });
  context.say(termsOf(definition, path));
  context.say(
    table(
      ['node', 'operator', 'peer id', 'address', 'state'].map((title) => ({ title })),
      definition.operators.map(({ address, identity, multiaddrs }, i) => [
        String(i + 1),
        address,
        identity === null ? '–' : peerIdOf(identity),
        multiaddrs.join(' ') || '–',
        states[i]!,
      ]),
    ),
  );
}

export function tellLock(lock: ClusterLock, path: string, context: Context): void {
  const { definition, validators, lockHash, signers } = lock;
  context.tell({
    path,
    lockHash,
    ...definition,
    operators: definition.operators.map((operator, i) => ({
      ...operator,
      peerId: peerIdOf(operator.identity),
      signedLock: signers.includes(i + 1),
    })),
    validators: validators.map(({ pubkey, sharePubkeys }) => ({ pubkey, sharePubkeys })),
  });
  context.say(termsOf(definition, path, lockHash));
  context.say(
    table(
      ['node', 'operator', 'peer id', 'address', 'signed the lock'].map((title) => ({ title })),
      definition.operators.map(({ address, identity, multiaddrs }, i) => [
        String(i + 1),
        address,
        peerIdOf(identity),
        multiaddrs.join(' ') || '–',
        signers.includes(i + 1) ? 'yes' : 'no: it was absent',
      ]),
    ),
  );
  context.say('\n');
  context.say(
    table(
      [{ title: 'validator' }],
      validators.slice(0, ROWS_MAX).map(({ pubkey }) => [pubkey]),
    ),
  );
  if (validators.length > ROWS_MAX) context.say(`… and ${validators.length - ROWS_MAX} more (--json shows all)\n`);
}

const ROWS_MAX = 20;

function termsOf(
  definition: Omit<ClusterDefinition, 'operators'> & { readonly operators: readonly unknown[] },
  path: string,
  lockHash?: string,
): string {
  const { name, network, threshold, operators, validators, withdrawalCredentials, feeRecipient, depositAmounts } =
    definition;
  const deposits = depositAmounts.map((gwei) => `${Number(gwei) / 1e9} ETH`).join(', ');
  return `${pairs([
    ['cluster', `${name}, generation ${definition.generation}`],
    ['file', path],
    ...(lockHash ? [['lock hash', lockHash] as const] : []),
    ['network', `${network.name} ${network.genesisValidatorsRoot}`],
    ['signing', `${threshold} of ${operators.length} nodes`],
    ['validators', `${validators}${deposits === '' ? '' : `, each with a signed deposit of ${deposits}`}`],
    ['withdrawals to', withdrawalCredentials],
    ['fees to', feeRecipient],
  ])}\n`;
}
