import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { ApiError } from '@lodestar/api/server';
import type { StoredBlock } from '../consensus/store.ts';
import type { Devnet } from '../devnet.ts';
import { metaAt, resolveBlock } from './resolve.ts';
import { toldStateRoot } from './tamper.ts';

/** `/eth/v1/beacon/{genesis,headers,blocks}`. */
export function beaconMethods(devnet: Devnet) {
  const { chain, config } = devnet;

  const header = (stored: StoredBlock) => {
    const { message, signature } = stored.header;
    const stateRoot = toldStateRoot(devnet.tampered, message.stateRoot);
    return { root: bytes(stored.root), canonical: true, header: { message: { ...message, stateRoot }, signature } };
  };

  return {
    async getGenesis() {
      const { genesisValidatorsRoot, GENESIS_FORK_VERSION } = config;
      const data = { genesisTime: devnet.genesisTime, genesisValidatorsRoot, genesisForkVersion: GENESIS_FORK_VERSION };
      return { data };
    },
    async getBlockHeaders({ slot, parentRoot }) {
      const found = parentRoot
        ? chain.store.byParentRoot(parentRoot as `0x${string}`)
        : slot === undefined
          ? chain.head
          : chain.store.bySlot(slot);
      const matching = found && (slot === undefined || found.slot === slot) ? [found] : [];
      return { data: matching.map(header), meta: metaAt(chain, found?.slot ?? chain.slot) };
    },
    async getBlockHeader({ blockId }) {
      const stored = resolveBlock(chain, blockId);
      return { data: header(stored), meta: metaAt(chain, stored.slot) };
    },
    async getBlockRoot({ blockId }) {
      const stored = resolveBlock(chain, blockId);
      return { data: { root: bytes(stored.root) }, meta: metaAt(chain, stored.slot) };
    },
    async getBlockV2({ blockId }) {
      const stored = resolveBlock(chain, blockId);
      const { message, signature } = stored.block;
      const stateRoot = toldStateRoot(devnet.tampered, message.stateRoot);
      return { data: { message: { ...message, stateRoot }, signature } as never, meta: metaAt(chain, stored.slot) };
    },
    async getBlockAttestationsV2({ blockId }) {
      const stored = resolveBlock(chain, blockId);
      return { data: stored.block.message.body.attestations, meta: metaAt(chain, stored.slot) };
    },
    async getSignedExecutionPayloadEnvelope({ blockId }) {
      const stored = resolveBlock(chain, blockId);
      if (!stored.envelope) throw new ApiError(404, `The block at slot ${stored.slot} carries its payload itself`);
      return { data: stored.envelope, meta: metaAt(chain, stored.slot) };
    },
  } satisfies Partial<BeaconApiMethods['beacon']>;
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.slice(2), 'hex'));
