import type { KeptAttestation, KeptBlock } from './decide.ts';
import type { Duty, Rule } from './port.ts';

/** A refusal in words: the duty, the rule and, where there is one, the record that stands against it. */
export function refusalMessage(duty: Duty, rule: Rule, record?: KeptBlock | KeptAttestation): string {
  const asked =
    duty.kind === 'block'
      ? `block at slot ${duty.slot}`
      : `attestation with source ${duty.sourceEpoch} and target ${duty.targetEpoch}`;
  const because = record === undefined ? '' : `; signed before: ${recordText(record)}`;
  return `refused ${asked} for ${duty.pubkey}: ${REASONS[rule]}${because}`;
}

function recordText(record: KeptBlock | KeptAttestation): string {
  const what = 'slot' in record ? `slot ${record.slot}` : `source ${record.source}, target ${record.target}`;
  return record.root === null
    ? `${what}, signing root unknown`
    : `${what}, signing root 0x${Buffer.from(record.root).toString('hex')}`;
}

const REASONS: Readonly<Record<Rule, string>> = {
  'unknown-key': 'the key is not registered',
  'disabled-key': 'the key was deleted and may no longer sign here',
  'high-watermark': 'it is at or above the high watermark',
  'double-block': 'another block was signed for this slot',
  'block-below-watermark': 'the slot is not above the lowest that is known, so what was signed there is not known',
  'source-after-target': 'its source is after its target',
  'double-vote': 'another attestation was signed for this target',
  'surrounding-vote': 'it surrounds an attestation that was signed',
  'surrounded-vote': 'it is surrounded by an attestation that was signed',
  'source-below-watermark': 'the source is below the lowest that is known, so what was signed there is not known',
  'target-below-watermark': 'the target is not above the lowest that is known, so what was signed there is not known',
};
