import { type Hex, type Root, toHex } from '@holdfast/units';
import { CliFileError } from '../../errors.ts';

/** What a signer must know of its network; fixed for a data directory when it is made. */
export interface SignerNetwork {
  readonly name: string;
  /** Sizes of the spec's lists: mainnet, minimal or gnosis. */
  readonly preset: string;
  /** The chain that slashing protection is bound to. */
  readonly genesisValidatorsRoot: Root;
  readonly genesisForkVersion: Hex;
  /** Voluntary exits are signed for it (EIP-7044); null where it is not known. */
  readonly capellaForkVersion: Hex | null;
  /** Seconds since 1970. */
  readonly genesisTime: number;
  readonly secondsPerSlot: number;
  readonly slotsPerEpoch: number;
}

const network = (
  name: string,
  preset: 'mainnet' | 'gnosis',
  root: string,
  versions: readonly [genesis: Hex, capella: Hex],
  genesisTime: number,
): SignerNetwork => ({
  name,
  preset,
  genesisValidatorsRoot: `0x${root}` as Root,
  genesisForkVersion: versions[0],
  capellaForkVersion: versions[1],
  genesisTime,
  secondsPerSlot: preset === 'gnosis' ? 5 : 12,
  slotsPerEpoch: preset === 'gnosis' ? 16 : 32,
});

/** The public networks, as their clients have them built in. */
export const NETWORKS: Readonly<Record<string, SignerNetwork>> = Object.fromEntries(
  [
    network(
      'mainnet',
      'mainnet',
      '4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95',
      ['0x00000000', '0x03000000'],
      1_606_824_023,
    ),
    network(
      'hoodi',
      'mainnet',
      '212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f',
      ['0x10000910', '0x40000910'],
      1_742_213_400,
    ),
    network(
      'sepolia',
      'mainnet',
      'd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078',
      ['0x90000069', '0x90000072'],
      1_655_733_600,
    ),
    network(
      'gnosis',
      'gnosis',
      'f5dcb5564e829aab27264b9becd5dfaa017085611224cb3036f573368dbb9d47',
      ['0x00000064', '0x03000064'],
      1_638_993_340,
    ),
    network(
      'chiado',
      'gnosis',
      '9d642dac73058fbf39c0ae41ab1e34e4d889043cb199851ded7095bc99eb4c1e',
      ['0x0000006f', '0x0300006f'],
      1_665_396_300,
    ),
  ].map((known) => [known.name, known]),
);

/**
 * A network from a JSON object with the names of `SignerNetwork`.
 *
 * @throws CliFileError
 */
export function parseNetwork(value: unknown, path: string): SignerNetwork {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const fail = (name: string, what: string): never => {
    throw new CliFileError(`"${name}" of the network must be ${what}`, { data: { path, value: given[name] ?? null } });
  };
  const hex = <T extends Hex>(name: string, bytes: number): T => {
    const text = given[name];
    if (typeof text !== 'string' || !new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`).test(text)) {
      return fail(name, `0x and ${bytes} bytes in hex`);
    }
    return toHex(Buffer.from(text.slice(2), 'hex')) as T;
  };
  const count = (name: string, max: number): number => {
    const number = given[name];
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1 || number > max) {
      return fail(name, `a whole number from 1 to ${max}`);
    }
    return number;
  };
  if (typeof given.name !== 'string' || !/^[\w-]{1,40}$/.test(given.name)) fail('name', 'a short name');
  if (!['mainnet', 'minimal', 'gnosis'].includes(String(given.preset))) fail('preset', 'mainnet, minimal or gnosis');
  return {
    name: given.name as string,
    preset: given.preset as string,
    genesisValidatorsRoot: hex<Root>('genesisValidatorsRoot', 32),
    genesisForkVersion: hex('genesisForkVersion', 4),
    capellaForkVersion: given.capellaForkVersion === null ? null : hex('capellaForkVersion', 4),
    genesisTime: count('genesisTime', 2 ** 40),
    secondsPerSlot: count('secondsPerSlot', 3_600),
    slotsPerEpoch: count('slotsPerEpoch', 1_024),
  };
}
