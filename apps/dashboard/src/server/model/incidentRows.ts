import type { ValidatorSnapshot } from '@holdfast/pool';
import type { ActiveFaultRow, BeaconView, Incident, StageMark } from '../../shared/state.ts';
import type { Sighting } from '../watch/sighting.ts';
import type { History, SlashingCase } from './history.ts';
import { placeOf } from './incidents.ts';

const GWEI = 10n ** 9n;

/** What the rows are made of, beside the events. */
export interface IncidentFacts {
  readonly history: History;
  readonly validators: readonly ValidatorSnapshot[];
  readonly operatorName: (id: number) => string;
  readonly beacon: ReadonlyMap<string, BeaconView>;
  /** By beacon index. */
  readonly sightings: ReadonlyMap<number, Sighting>;
  readonly faults: readonly ActiveFaultRow[];
  readonly timeOfSlot: (slot: number) => number;
}

/** Every incident, the newest first: slashings, front-run deposits, and faults of a devnet in force now. */
export function incidentRows(facts: IncidentFacts): Incident[] {
  const { history, validators } = facts;
  const slashed = validators.filter(
    ({ ordinal, pubkey, index }) =>
      index > 0 && (history.cases.has(ordinal) || facts.beacon.get(pubkey.toLowerCase())?.slashed),
  );
  const rows = [
    ...slashed.map((validator) => slashingRow(facts, validator)),
    ...history.rejected.map((each) => rejectedRow(facts, each)),
    ...faultRows(facts),
  ];
  return rows.sort((a, b) => startOf(b) - startOf(a));
}

const startOf = ({ marks }: Incident): number => marks.find(({ at }) => at !== null)?.at ?? Number.POSITIVE_INFINITY;

function slashingRow(facts: IncidentFacts, validator: ValidatorSnapshot): Incident {
  const { ordinal, operatorId, index } = validator;
  const known = facts.history.cases.get(ordinal);
  const sighting = facts.sightings.get(index);
  const marks = [...chainMarks(facts, sighting), ...(known ? poolMarks(known) : [])];
  const { slashing } = validator;
  const expectedGwei = slashing?.expectedGwei ?? known?.expectedGwei;
  const coverGwei = slashing?.coverGwei ?? known?.coverGwei;
  return {
    id: `slashing-${ordinal}`,
    kind: 'slashing',
    title: sighting ? `Validator ${index}: ${sighting.kind}` : `Validator ${index} slashed`,
    operatorId,
    operatorName: facts.operatorName(operatorId),
    ordinal,
    index,
    open: known?.settled == null,
    marks,
    exits: known?.exits ?? [],
    expected: expectedGwei === undefined ? null : (expectedGwei * GWEI).toString(),
    cover: coverGwei === undefined ? null : (coverGwei * GWEI).toString(),
    loss: known?.settled ? (known.settled.lossGwei * GWEI).toString() : null,
    paid: known?.settled ? known.settled.paid.toString() : null,
  };
}

const NOWHERE = { at: null, slot: null, block: null, tx: null } as const;

function chainMarks({ timeOfSlot }: IncidentFacts, sighting: Sighting | undefined): StageMark[] {
  // The node says so, but the block that did it is not found yet.
  if (!sighting) return [{ ...NOWHERE, stage: 'seen', text: 'Slashed, as the beacon node tells' }];
  const { faultSlot, slot, what, executionBlock: block } = sighting;
  return [
    { stage: 'fault', text: `Signed ${what}`, at: timeOfSlot(faultSlot), slot: faultSlot, block: null, tx: null },
    { stage: 'seen', text: 'Slashed on the beacon chain', at: timeOfSlot(slot), slot, block, tx: null },
  ];
}

function poolMarks({ proven, frozen, exits, exitsProven, settled }: SlashingCase): StageMark[] {
  const marks: StageMark[] = [
    { stage: 'proven', text: 'Slashing proven to the pool; loss provisioned', slot: null, ...pick(proven) },
  ];
  if (frozen) {
    const asked = exits.length === 0 ? '' : `; ${exits.length} exits asked for, ${exitsProven.size} proven`;
    marks.push({ stage: 'enforced', text: `Operator frozen${asked}`, slot: null, ...pick(frozen) });
  }
  if (settled) marks.push({ stage: 'settled', text: 'Loss settled; bond charged', slot: null, ...pick(settled) });
  return marks;
}

const pick = ({ at, block, tx }: { at: number; block: string; tx: string }) => ({ at, block, tx });

function rejectedRow(facts: IncidentFacts, { ordinal, operatorId, event }: History['rejected'][number]): Incident {
  return {
    ...blankRow(facts, operatorId),
    id: `rejected-${ordinal}`,
    kind: 'frontRun',
    title: `Key ${ordinal}: deposit front-run`,
    ordinal,
    open: false,
    marks: [
      {
        stage: 'proven',
        text: 'Other withdrawal credentials proven: key rejected. Its operator lost its own 1 ETH, the pool nothing',
        slot: null,
        ...placeOf(event),
      },
    ],
  };
}

const FAULT_TITLES: Readonly<Record<string, string>> = {
  offline: 'offline',
  wrongFeeRecipient: 'told to pay fees elsewhere',
  doubleVote: 'told to double vote',
  surroundVote: 'told to surround vote',
  doubleProposal: 'told to propose twice',
};

function faultRows(facts: IncidentFacts): Incident[] {
  return facts.faults.flatMap(({ kind, pubkey, untilSlot }) => {
    const validator = facts.validators.find((each) => each.pubkey.toLowerCase() === pubkey.toLowerCase());
    if (!validator) return [];
    const { ordinal, operatorId, index } = validator;
    const until = untilSlot === null ? '' : ` until slot ${untilSlot}`;
    const text = `Fault injected${until}`;
    return {
      ...blankRow(facts, operatorId),
      id: `fault-${kind}-${ordinal}`,
      kind: 'fault' as const,
      title: `Validator ${index > 0 ? index : ordinal}: ${FAULT_TITLES[kind] ?? kind}`,
      ordinal,
      index: index > 0 ? index : null,
      open: true,
      marks: [{ ...NOWHERE, stage: 'fault' as const, text }],
    };
  });
}

const blankRow = (facts: IncidentFacts, operatorId: number) => ({
  operatorId,
  operatorName: facts.operatorName(operatorId),
  index: null,
  exits: [],
  expected: null,
  cover: null,
  loss: null,
  paid: null,
});
