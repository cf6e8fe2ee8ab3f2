import { HoldfastError } from '@holdfast/units';

/** Everything the devnet refuses or cannot do. Codes begin with `DEVNET_`. */
export class DevnetError extends HoldfastError {}
