import { type BeaconClient, BeaconHttpError } from '@holdfast/beacon';
import type { DashboardState } from '../../shared/state.ts';
import { gweiAsEth } from './format.ts';
import { facts, html, link, page } from './html.ts';

const FAR_FUTURE_EPOCH = 2n ** 64n - 1n;
const epoch = (value: bigint): string => (value === FAR_FUTURE_EPOCH ? 'not set' : value.toString());

/** A validator: the beacon node's word, and what the pool has had proven of it. Null: no such one. */
export async function validatorPage(
  client: BeaconClient,
  index: number,
  state: DashboardState,
): Promise<string | null> {
  const answer = await client.validator('head', index).catch((error: unknown) => {
    if (error instanceof BeaconHttpError && (error.status === 404 || error.status === 400)) return null;
    throw error;
  });
  if (answer === null) return null;
  const { validator } = answer;
  const ours = state.validators.find((each) => each.index === index);
  const operator = ours && state.operators.find(({ id }) => id === ours.operatorId);
  return page(
    `Validator ${index}`,
    html`<h2>As the beacon node tells it</h2>
    ${facts([
      ['Public key', html`<code>${validator.pubkey}</code>`],
      ['Status', answer.status],
      ['Balance', gweiAsEth(answer.balance)],
      ['Effective balance', gweiAsEth(validator.effectiveBalance)],
      ['Slashed', validator.slashed ? html`<span class="bad">yes</span>` : 'no'],
      ['Withdrawal credentials', html`<code>${validator.withdrawalCredentials}</code>`],
      ['Activation epoch', epoch(validator.activationEpoch)],
      ['Exit epoch', epoch(validator.exitEpoch)],
      ['Withdrawable epoch', epoch(validator.withdrawableEpoch)],
    ])}
    <h2>As proven to the pool</h2>
    ${
      ours
        ? facts([
            ['Place in the ledger', ours.ordinal],
            ['Operator', operator ? `${operator.name} (${operator.id})` : ours.operatorId],
            ['State', ours.status],
            ['Balance', gweiAsEth(BigInt(ours.provenGwei))],
            ['Proven at slot', ours.provenSlot > 0 ? link(`/slot/${ours.provenSlot}`, ours.provenSlot) : 'not yet'],
            ['Deposit in flight', gweiAsEth(BigInt(ours.inFlightGwei))],
          ])
        : html`<p>Not one of the pool’s.</p>`
    }`,
  );
}
