/**
 * What a cluster agrees on, with the code that stands for it on the wire. Codes never change and are never reused.
 * Duties need no agreement when every node computes the same thing by itself (RANDAO reveals, selection proofs, exits).
 */
export const DUTY_CODES = {
  attester: 1,
  proposer: 2,
  aggregator: 3,
  syncMessage: 4,
  syncContribution: 5,
} as const;

export type DutyType = keyof typeof DUTY_CODES;

const BY_CODE: ReadonlyMap<number, DutyType> = new Map(
  Object.entries(DUTY_CODES).map(([duty, code]) => [code, duty as DutyType]),
);

/** The duty of a code, or undefined where there is none. */
export const dutyOfCode = (code: number): DutyType | undefined => BY_CODE.get(code);
