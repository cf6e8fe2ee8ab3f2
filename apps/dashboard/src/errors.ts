import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** The page could not be built or served. */
export class DashboardError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('DASHBOARD', why, details);
  }
}
