import type { Hex } from '@holdfast/units';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCommon, addKey, type CommonOptions, type KeyOptions } from '../../options/common.ts';
import { address, integer } from '../../options/parsers.ts';
import { setPresetOf } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { beaconOption } from '../signer/options.ts';

export interface CreateOptions extends CommonOptions {
  readonly out: string;
  readonly name?: string | undefined;
  readonly network?: string | undefined;
  readonly beaconUrl?: readonly string[] | undefined;
  readonly genesisRoot?: Hex | undefined;
  readonly genesisForkVersion?: Hex | undefined;
  readonly operator?: readonly Hex[] | undefined;
  readonly nodes?: number | undefined;
  readonly threshold?: number | undefined;
  readonly validators: number;
  readonly pool?: string | undefined;
  readonly vault?: Hex | undefined;
  readonly credentials: '01' | '02';
  readonly feeRecipient?: Hex | undefined;
  readonly depositEth?: readonly number[] | undefined;
}

export interface JoinOptions extends CommonOptions, KeyOptions {
  readonly arguments: readonly [definition: string];
  readonly dataDir?: string | undefined;
  readonly listenAddress?: readonly string[] | undefined;
  readonly index?: number | undefined;
  readonly merge?: readonly string[] | undefined;
}

export interface ShowOptions extends CommonOptions {
  readonly arguments: readonly [file: string];
}

export interface ReshareOptions extends CommonOptions {
  readonly arguments: readonly [lock: string];
  readonly out: string;
  readonly remove?: readonly number[] | undefined;
  readonly replace?: readonly { readonly node: number; readonly address: Hex }[] | undefined;
  readonly add?: readonly Hex[] | undefined;
  readonly threshold?: number | undefined;
  readonly feeRecipient?: Hex | undefined;
}

/** A node's directory: identity, lock, shares, and what it has signed. */
export const nodeDirOption = (): Option =>
  new Option('--data-dir <dir>', "the node's directory (default: ./holdfast-node)").env('HOLDFAST_NODE_DIR');

/** The values of an option that may be repeated. */
export const repeated =
  <T>(parse: (text: string) => T) =>
  (text: string, before: readonly T[] | undefined): T[] => [...(before ?? []), parse(text)];

export const multiaddr = (text: string): string => {
  if (/^\/(?:ip4|ip6|dns|dns4|dns6)\/[^/\s]+\/tcp\/\d{1,5}(?:\/p2p\/[1-9A-HJ-NP-Za-km-z]+)?$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a multiaddr such as /ip4/203.0.113.7/tcp/9100.');
};

const hexOf =
  (bytes: number) =>
  (text: string): Hex => {
    if (new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`).test(text)) return text as Hex;
    throw new InvalidArgumentError(`It must be 0x and ${bytes} bytes in hex.`);
  };

const node = integer(1, 31);

function replacement(text: string): { node: number; address: Hex } {
  const [index, operator] = text.split('=');
  return { node: node(index ?? ''), address: address(operator ?? '') };
}

export function addCluster(host: Host): void {
  const group = host.program
    .command('cluster')
    .summary('distributed validators: create, join, show, verify, reshare')
    .description('The definition and the lock of a cluster, whose nodes validate together though none holds a key.')
    .addHelpText('after', GROUP_HELP);
  addCreate(host, group);
  addJoin(host, group);
  addShow(host, group);
  addReshare(host, group);
}

function addCreate({ does }: Host, group: Command): void {
  const command = group
    .command('create')
    .description('Writes the definition of a new cluster, which its operators then join.')
    .option('--out <file>', 'where to write it', 'cluster.json')
    .option('--name <text>', 'a name for people')
    .option('--operator <address>', "an operator's account; repeat it, in the order of the nodes", repeated(address))
    .option('--nodes <n>', 'nodes, when one operator runs all of them', node)
    .option('--threshold <t>', 'how many must sign (default: n − ⌊(n−1)/3⌋)', node)
    .option('--validators <n>', 'how many validators to make', integer(1, 10_000), 1)
    .addOption(
      new Option('--pool <file>', "the pool's manifest: its Vault gets withdrawals and fees").env('HOLDFAST_POOL'),
    )
    .option('--vault <address>', 'who gets the withdrawals', address)
    .addOption(
      new Option('--credentials <type>', '02: compounding, as pools want them; 01: not')
        .choices(['01', '02'])
        .default('02'),
    )
    .option('--fee-recipient <address>', 'who gets the fees (default: the Vault)', address)
    .option(
      '--deposit-eth <n>',
      "a deposit to sign; may be repeated (default: 1, a pool's predeposit)",
      repeated(integer(1, 2048)),
    )
    .option('--network <name>', 'mainnet, hoodi, sepolia, gnosis, chiado, or a file that describes one')
    .addOption(beaconOption('a beacon node that tells the network'))
    .option('--genesis-root <root>', "the network's genesis_validators_root", hexOf(32))
    .option('--genesis-fork-version <version>', "the network's genesis fork version", hexOf(4))
    .addHelpText('after', CREATE_HELP);
  addCommon(command);
  does<CreateOptions>(command, async (options, context) => {
    if (options.network === undefined && options.beaconUrl !== undefined) await setPresetOf(options.beaconUrl);
    const { runCreate } = await import('./create.ts');
    return runCreate(options, context);
  });
}

function addJoin({ does }: Host, group: Command): void {
  const command = group
    .command('join')
    .description("Enters an operator's node in a definition and signs it, with the operator's account (EIP-712).")
    .argument('<definition>', 'the definition; it is written anew')
    .addOption(nodeDirOption())
    .option('--listen-address <multiaddr>', 'where the others reach this node; may be repeated', repeated(multiaddr))
    .option('--index <n>', 'which node, where the account runs several', node)
    .option(
      '--merge <file>',
      'another copy of the definition, with what others added; may be repeated',
      repeated(String),
    )
    .addHelpText('after', JOIN_HELP);
  addCommon(addKey(command));
  does<JoinOptions>(command, async (options, context) => {
    const { runJoin } = await import('./join.ts');
    return runJoin(options, context);
  });
}

function addShow({ does }: Host, group: Command): void {
  const show = group
    .command('show')
    .description('Shows a definition or a lock.')
    .argument('<file>', 'a definition or a lock')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast cluster show cluster.json\n  holdfast cluster show lock.json --json\n',
    );
  const verify = group
    .command('verify')
    .description('Checks every signature, key and hash of a lock, or the signatures of a definition.')
    .argument('<file>', 'a definition or a lock')
    .addHelpText(
      'after',
      '\nEnds with 1 when it is not true, and names the field.\n\nExamples:\n  holdfast cluster verify lock.json\n',
    );
  for (const command of [show, verify]) {
    addCommon(command);
    does<ShowOptions>(command, async (options, context) => {
      const { runShow, runVerify } = await import('./show.ts');
      return command === show ? runShow(options, context) : runVerify(options, context);
    });
  }
}

function addReshare({ does }: Host, group: Command): void {
  const command = group
    .command('reshare')
    .description('Writes the definition under which the same validators are re-dealt to another set of nodes.')
    .argument('<lock>', "the cluster's lock")
    .option('--out <file>', 'where to write it', 'cluster-next.json')
    .option('--replace <n=address>', "node n goes, this operator's comes; may be repeated", repeated(replacement))
    .option('--remove <n>', 'node n goes; may be repeated', repeated(node))
    .option('--add <address>', "this operator's node comes; may be repeated", repeated(address))
    .option('--threshold <t>', 'how many must sign (default: n − ⌊(n−1)/3⌋)', node)
    .option('--fee-recipient <address>', 'who gets the fees (default: as before)', address)
    .addHelpText('after', RESHARE_HELP);
  addCommon(command);
  does<ReshareOptions>(command, async (options, context) => {
    const { runReshare } = await import('./reshare.ts');
    return runReshare(options, context);
  });
}

const GROUP_HELP = `
In order: create, join (each operator, twice), then \`holdfast dkg\` and \`holdfast node\` on every machine.
docs/guide/cluster.md goes through it.
`;

const CREATE_HELP = `
Examples:
  holdfast cluster create --pool pool.json --network hoodi --validators 10 \\
                          --operator 0xA… --operator 0xB… --operator 0xC… --operator 0xD…
  holdfast cluster create --vault 0x… --beacon-url http://127.0.0.1:5052 --operator 0xA… --nodes 4
  holdfast cluster create --vault 0x… --network mainnet --operator 0xA…          one node: a validator client of its own
`;

const JOIN_HELP = `
The first time it makes the node's identity (node.key in the directory), enters it with the address, and signs the entry.
Once all have entered, it signs the whole: so all but the last run it twice. It never signs beside a forged signature.

Examples:
  holdfast cluster join cluster.json --listen-address /ip4/203.0.113.7/tcp/9100 --private-key-file operator.key
  holdfast cluster join cluster.json --private-key-file operator.key             the second time
  holdfast cluster join mine.json --merge theirs.json --private-key-file operator.key
`;

const RESHARE_HELP = `
The validators' keys stay what they are; the shares are new, and the old ones useless once fewer than t of them are left.

Examples:
  holdfast cluster reshare lock.json --replace 2=0xE…          another operator in place of node 2
  holdfast cluster reshare lock.json --add 0xE… --add 0xF… --add 0x1…
  holdfast cluster reshare lock.json --remove 7 --remove 6 --remove 5
`;
