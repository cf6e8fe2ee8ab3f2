import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import type { electra } from '@lodestar/types';
import type { Devnet } from '../devnet.ts';
import { admit } from './refusals.ts';
import { metaAt } from './resolve.ts';

/** `/eth/v1/beacon/pool/…`: operations that wait for a block. */
export function poolMethods(devnet: Devnet) {
  const { chain } = devnet;
  return {
    async getPoolAttesterSlashingsV2() {
      return { data: chain.operations.all().attesterSlashings, meta: metaAt(chain, chain.slot) };
    },
    async getPoolProposerSlashings() {
      return { data: chain.operations.all().proposerSlashings };
    },
    async getPoolVoluntaryExits() {
      return { data: chain.operations.all().voluntaryExits };
    },
    async submitPoolAttesterSlashingsV2({ attesterSlashing }) {
      await admit(devnet, () => chain.watch.addAttesterSlashing(attesterSlashing as electra.AttesterSlashing));
    },
    async submitPoolProposerSlashings({ proposerSlashing }) {
      await admit(devnet, () => chain.watch.addProposerSlashing(proposerSlashing));
    },
    async submitPoolVoluntaryExit({ signedVoluntaryExit }) {
      await admit(devnet, () => chain.watch.addVoluntaryExit(signedVoluntaryExit));
    },
  } satisfies Partial<BeaconApiMethods['beacon']>;
}
