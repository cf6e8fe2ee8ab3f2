import { devnetPoolConfig, type PoolManifest, planPool } from '@holdfast/pool';
import { asRoot, type Hex } from '@holdfast/units';

const DEPLOYER: Hex = '0x5FbDB2315678afecb367f032d93F642f64180aa3';

/** The manifest of a pool that nobody deployed, for tests that never read one. */
export function manifestFixture(): PoolManifest {
  const facts = {
    chainId: 31_337,
    depositContract: '0x00000000219ab540356cBB839Cbe05303d7705Fa' as Hex,
    clock: { genesisTime: 1_800_000_000n, secondsPerSlot: 12n, slotsPerEpoch: 8n, slotsPerHistoricalRoot: 64n },
    genesisValidatorsRoot: asRoot(`0x${'11'.repeat(32)}`),
    layouts: [],
    summariesFromSlot: 0n,
  };
  const config = devnetPoolConfig({ ...facts, totalActiveGwei: 10n ** 12n, slashingsVectorEpochs: 64n });
  const { addresses } = planPool(config, facts, DEPLOYER);
  return { version: 1, chainId: facts.chainId, deployer: DEPLOYER, addresses, block: 1n, config, facts };
}
