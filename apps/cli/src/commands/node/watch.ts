import type { ProtectionStore } from '@holdfast/protection';
import { type Check, Doppelganger, type LivenessPort } from '@holdfast/signer';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { livenessNode } from '../signer/beacon.ts';
import type { Home } from '../signer/home.ts';
import { signerLog } from '../signer/logging.ts';
import { historyOf, tellWatch } from '../signer/watch.ts';
import type { NodeOptions } from './command.ts';

/**
 * The watch for a second owner, if it was asked for. The chain knows validators, not shares: a share waits until its
 * validator was silent. While the other nodes of a cluster work it never is, so this is for a cluster's first start.
 */
export async function startShareWatch(
  home: Home,
  protection: ProtectionStore,
  validatorOf: ReadonlyMap<Pubkey, Pubkey>,
  options: NodeOptions,
  context: Context,
  stack: AsyncDisposableStack,
): Promise<Check | null> {
  if (options.doppelgangerEpochs === 0) return null;
  const log = signerLog('info', context);
  const nodes = await Promise.all((options.beaconUrl ?? []).map(livenessNode));
  const doppelganger = new Doppelganger({
    nodes: nodes.map((node) => forShares(node, validatorOf)),
    history: historyOf(protection, home.network.slotsPerEpoch),
    network: home.network,
    epochs: options.doppelgangerEpochs,
    onEvent: (event) => tellWatch(event, log),
  });
  stack.defer(() => doppelganger.close());
  doppelganger.watch(validatorOf.keys());
  doppelganger.start();
  return doppelganger;
}

function forShares(node: LivenessPort, validatorOf: ReadonlyMap<Pubkey, Pubkey>): LivenessPort {
  return {
    name: node.name,
    status: () => node.status(),
    liveness: (epoch, indices) => node.liveness(epoch, indices),
    async validators(shares) {
      const found = await node.validators(shares.map((share) => validatorOf.get(share)!));
      return new Map(
        shares.flatMap((share) => {
          const validator = found.get(validatorOf.get(share)!);
          return validator ? [[share, validator] as const] : [];
        }),
      );
    },
  };
}
