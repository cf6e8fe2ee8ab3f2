// Run by roots.test.ts under the mainnet preset, since a process has one: the samples whose root is not Lodestar's.
import { toHex } from '@holdfast/units';
import { ACTIVE_PRESET } from '@lodestar/params';
import { parseSignRequest } from '../../src/requests/parse.ts';
import { signingRootOf } from '../../src/roots/signing-root.ts';
import { NETWORK, samples } from '../requests-kit.ts';
import { randomFrom } from '../requests-values.ts';

const checked = [1, 2, 3].flatMap((seed) => samples(randomFrom(seed)));
const wrong = checked.filter(
  ({ body, signingRoot }) => toHex(signingRootOf(parseSignRequest(body), NETWORK)) !== toHex(signingRoot),
);
const report = { preset: ACTIVE_PRESET, checked: checked.length, wrong: wrong.map(({ name }) => name) };
process.stdout.write(JSON.stringify(report));
