import type { Problem } from './answers.ts';

/** A refusal to be thrown by a route. Carries nothing but what is answered. */
export class Refusal extends Error {
  readonly problem: Problem;
  constructor(status: number, message: string, code = 'SIGNER_BAD_REQUEST') {
    super(message);
    this.problem = { status, code, message };
  }
}
