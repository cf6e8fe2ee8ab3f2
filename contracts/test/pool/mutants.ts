import type { Mutant } from '../support/pool-mutation.ts';
import { CUSTODY_MUTANTS } from './mutants-custody.ts';
import { ECONOMICS_MUTANTS } from './mutants-economics.ts';
import { LEDGER_MUTANTS } from './mutants-ledger.ts';

/** Every safeguard that a scenario watches over, taken out one at a time. */
export const MUTANTS: readonly Mutant[] = [...LEDGER_MUTANTS, ...CUSTODY_MUTANTS, ...ECONOMICS_MUTANTS];
