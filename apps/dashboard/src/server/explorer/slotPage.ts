import { type BeaconClient, BeaconHttpError } from '@holdfast/beacon';
import { utc } from './format.ts';
import { facts, type Html, html, link, page } from './html.ts';

/** A beacon block, verified against its own root. Null: that slot has none. */
export async function slotPage(client: BeaconClient, slot: number, timeOfSlot: (slot: number) => number) {
  const answer = await client.block(slot).catch((error: unknown) => {
    if (error instanceof BeaconHttpError && error.status === 404) return null;
    throw error;
  });
  if (answer === null) return null;
  const { message } = answer.block;
  const { body } = message;
  const payload = 'executionPayload' in body ? body.executionPayload : null;
  const slashings: Html[] = [
    ...body.attesterSlashings.map(({ attestation1, attestation2 }) => {
      const second = new Set<number>(attestation2.attestingIndices);
      const both = attestation1.attestingIndices.filter((index) => second.has(index));
      const [a, b] = [attestation1.data, attestation2.data];
      return html`<div class="event"><strong>Attester slashing</strong> of ${both.map((index) => html`${link(`/validator/${index}`, index)} `)}
        ${facts([
          ['First vote', `slot ${a.slot}: epoch ${a.source.epoch} → ${a.target.epoch}`],
          ['Second vote', `slot ${b.slot}: epoch ${b.source.epoch} → ${b.target.epoch}`],
        ])}</div>`;
    }),
    ...body.proposerSlashings.map(({ signedHeader1: { message: header } }) => {
      const { proposerIndex, slot: twice } = header;
      return html`<div class="event"><strong>Proposer slashing</strong> of ${link(`/validator/${proposerIndex}`, proposerIndex)}: two blocks for slot ${twice}</div>`;
    }),
  ];
  return page(
    `Slot ${slot}`,
    html`${facts([
      ['Block root', html`<code>${answer.root}</code>`],
      ['Fork', answer.fork],
      ['Time', utc(timeOfSlot(slot))],
      ['Proposer', link(`/validator/${message.proposerIndex}`, message.proposerIndex)],
      ['Execution block', payload ? link(`/block/${payload.blockNumber}`, payload.blockNumber) : 'apart (Gloas)'],
      ['Attestations', body.attestations.length],
      ['Voluntary exits', body.voluntaryExits.length],
    ])}<h2>Slashings (${slashings.length})</h2>${slashings}`,
  );
}
