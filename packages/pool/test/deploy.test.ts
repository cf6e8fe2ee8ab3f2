import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type DeployProgress,
  deployPool,
  devnetPoolConfig,
  type NetworkFacts,
  PART_NAMES,
  parseManifest,
  planPool,
  readNetworkFacts,
  stringifyManifest,
} from '../src/index.ts';
import { Kit } from './pool-kit.ts';

let kit: Kit;
let facts: NetworkFacts;
beforeAll(async () => {
  kit = await Kit.start();
  facts = await readNetworkFacts(kit);
});
afterAll(() => kit?.close());

class Killed extends Error {}

test('the facts are those of the chain', () => {
  expect(facts.clock).toEqual({
    genesisTime: BigInt(kit.devnet.genesisTime),
    secondsPerSlot: 12n,
    slotsPerEpoch: 8n,
    slotsPerHistoricalRoot: 64n,
  });
  expect(facts.totalActiveGwei).toBe(32n * 32_000_000_000n);
  expect(facts.slashingsVectorEpochs).toBe(64n);
  expect(facts.layouts).toHaveLength(1);
});

test('a deployment that is killed before each part goes on where it stood, and is idempotent', async () => {
  const config = devnetPoolConfig(facts);
  const common = { publicClient: kit.publicClient, walletClient: kit.wallet(0), facts, config };
  let resumeFrom: `0x${string}` | undefined;
  let kills = 0;
  for (let allowed = 1; ; allowed += 1) {
    let created = 0;
    const onProgress = (progress: DeployProgress): void => {
      if (progress.step === 'deployer') resumeFrom = progress.address;
      if (progress.state === 'created' && ++created === 1 && allowed <= PART_NAMES.length) throw new Killed();
    };
    try {
      const manifest = await kit.during(deployPool({ ...common, resumeFrom, onProgress }));
      expect(kills).toBe(PART_NAMES.length);
      expect(manifest.addresses).toEqual(planPool(config, facts, manifest.deployer).addresses);
      for (const name of PART_NAMES) {
        expect((await kit.publicClient.getCode({ address: manifest.addresses[name] }))?.length).toBeGreaterThan(1000);
      }
      const nonce = await kit.publicClient.getTransactionCount({ address: kit.address(0) });
      expect(await deployPool({ ...common, resumeFrom })).toEqual(manifest);
      expect(await kit.publicClient.getTransactionCount({ address: kit.address(0) })).toBe(nonce);
      expect(parseManifest(stringifyManifest(manifest))).toEqual(manifest);
      break;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      kills += 1;
    }
  }
  const other = devnetPoolConfig(facts, { vault: { feeBps: 900 } });
  await expect(deployPool({ ...common, config: other, resumeFrom })).rejects.toMatchObject({
    code: 'POOL_DEPLOY',
    data: { part: 'vault' },
  });
  const renamed = devnetPoolConfig(facts, { token: { symbol: 'OTHER' } });
  // A symbol is storage, not code, and is looked at all the same.
  await expect(deployPool({ ...common, config: renamed, resumeFrom })).rejects.toMatchObject({
    data: { setting: 'token.symbol' },
  });
  const reDomained = devnetPoolConfig(facts, { token: { name: 'Another Name' } });
  await expect(deployPool({ ...common, config: reDomained, resumeFrom })).rejects.toMatchObject({
    data: { part: 'token' },
  });
  await expect(deployPool({ ...common, walletClient: kit.wallet(1), resumeFrom })).rejects.toThrow(
    'belongs to another account',
  );
  await expect(deployPool({ ...common, resumeFrom: kit.address(3) })).rejects.toThrow('no PoolDeployer');
});
