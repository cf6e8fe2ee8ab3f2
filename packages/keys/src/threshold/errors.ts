import { KeysError } from '../errors.ts';

/** What threshold keys, ceremonies and locks throw; the code is given where it is thrown. Never carries a share. */
export class ThresholdError extends KeysError {}
