import { addCommon, type CommonOptions } from '../../options/common.ts';
import { integer } from '../../options/parsers.ts';
import type { Host } from '../../program.ts';
import { multiaddr, nodeDirOption, repeated } from '../cluster/command.ts';
import { type PeerOverride, peerOverride } from '../node/addresses.ts';
import type { ShareOptions } from '../node/shares.ts';
import { addSeal } from '../signer/options.ts';

export interface DkgOptions extends CommonOptions, ShareOptions {
  readonly arguments: readonly [definition: string];
  readonly listen?: readonly string[] | undefined;
  readonly peer?: readonly PeerOverride[] | undefined;
  readonly sealed?: boolean | undefined;
  readonly previous?: string | undefined;
  readonly previousPasswordFile?: string | undefined;
  readonly previousLock?: string | undefined;
  readonly patienceSeconds: number;
  readonly roundSeconds?: number | undefined;
}

export function addDkg({ program, does }: Host): void {
  const command = program
    .command('dkg')
    .summary("make a cluster's validators together; no machine ever holds a key")
    .description(
      'Makes the validators of a definition together with the other nodes, or re-deals those of a lock: leaves the lock, ' +
        "this node's shares, and the deposit data in the node's directory. All nodes run it at the same time.",
    )
    .argument('<definition>', 'the definition that all operators have signed')
    .addOption(nodeDirOption())
    .option(
      '--listen <multiaddr>',
      'where to listen (default: the port that the definition names)',
      repeated(multiaddr),
    )
    .option(
      '--peer <n=multiaddr>',
      'where node n is, if not where the definition says; may be repeated',
      repeated(peerOverride),
    )
    .option('--password-file <file>', "the keystores' password (default: one is made)")
    .option('--sealed', 'put the shares straight into a sealed store, in place of keystores')
    .option('--previous <dir>', 'resharing: the directory of this node in the old cluster, with its lock and shares')
    .option('--previous-password-file <file>', 'the password of the keystores in it, where it is not in it')
    .option('--previous-lock <file>', 'resharing, for a node that was not in the old cluster: the old lock')
    .option('--patience-seconds <n>', 'how long to wait for the last nodes', integer(1, 86_400), 600)
    .option(
      '--round-seconds <n>',
      'how long a round may take; the same at all nodes (default: by the work)',
      integer(1, 3600),
    )
    .addHelpText('after', HELP);
  addCommon(addSeal(command));
  does<DkgOptions>(command, async (options, context) => {
    const { runDkg } = await import('./run.ts');
    return runDkg(options, context);
  });
}

const HELP = `
Nodes that do not come, fall silent or cheat are named and left out, while enough remain; it never hangs. It cannot be
resumed: a node that falls out after the beginning has no part in the result, and a definition is used once.

In the directory: lock.json, deposit_data-*.json, keystores/ and password (or keys/, sealed), protection.sqlite.

Examples:
  holdfast dkg cluster.json
  holdfast dkg cluster.json --data-dir /var/lib/holdfast --peer 3=/ip4/10.0.0.3/tcp/9100
  holdfast dkg cluster.json --sealed --pkcs11-module … --pkcs11-token … --pkcs11-pin-file …
  holdfast dkg cluster-next.json --data-dir next --previous holdfast-node            a member, or one that leaves
  holdfast dkg cluster-next.json --data-dir next --previous-lock lock.json           one that comes
`;
