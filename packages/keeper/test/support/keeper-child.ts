import { readFileSync } from 'node:fs';
import { parseManifest } from '@holdfast/pool';
import { createKeeper, jsonLog } from '../../src/index.ts';
import { clientsFor } from './World.ts';

// A keeper in a process of its own, as a user runs one, to be killed by the test at any moment.
const [rpcUrl, beaconUrl, manifestPath, account] = process.argv.slice(2) as [string, string, string, string];
const manifest = parseManifest(readFileSync(manifestPath, 'utf8'));
const { publicClient, wallet, beaconClient } = clientsFor(rpcUrl, [beaconUrl], manifest.chainId);
const keeper = createKeeper({
  manifest,
  publicClient,
  beaconClient,
  walletClient: wallet(Number(account)),
  options: { pollMs: 200, checkpointEveryS: 480 },
  log: jsonLog((line) => process.stdout.write(line)),
});
await keeper.run();
