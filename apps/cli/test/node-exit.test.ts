import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type KeyPair, publicKeyOf, verifySignature } from '@holdfast/keys';
import { ExitRequestFiles, type ShareSigner } from '@holdfast/node';
import { KillSwitch, parseSignRequest, signingRootOf } from '@holdfast/signer';
import type { Pubkey, Root } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeOptions } from '../src/commands/node/command.ts';
import { distantSigner, localSigner, type SignerInputs } from '../src/commands/node/signer.ts';
import { makeContext } from '../src/context.ts';
import { temporary } from './support/cli.ts';

const ROOT = `0x${'5a'.repeat(32)}` as Root;
const CAPELLA = '0x03000001';
const network = {
  name: 'test',
  preset: 'minimal',
  genesisValidatorsRoot: ROOT,
  genesisForkVersion: '0x00000001',
  capellaForkVersion: CAPELLA,
  genesisTime: Math.floor(Date.now() / 1000),
  secondsPerSlot: 12,
  slotsPerEpoch: 8,
} as const;
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : i));
const SHARE = publicKeyOf(SECRET);
const VALIDATOR = `0x${'aa'.repeat(48)}` as Pubkey;
const exitOf = (epoch: number) => ({
  type: 'VOLUNTARY_EXIT',
  fork_info: {
    fork: { previous_version: CAPELLA, current_version: CAPELLA, epoch: '0' },
    genesis_validators_root: ROOT,
  },
  voluntary_exit: { epoch: String(epoch), validator_index: '7' },
});
const quiet = { out: () => undefined, err: () => undefined, live: false, color: false, env: {}, cwd: '/' };
const context = makeContext(quiet, {}, new AbortController().signal);
const never = new AbortController().signal;

let dir: ReturnType<typeof temporary>;
const stack = new AsyncDisposableStack();
let remote: Server;
/** What the remote signer was asked to sign: it signs everything. */
const asked: string[] = [];
beforeAll(async () => {
  dir = temporary();
  remote = createServer((request, response) => {
    if (request.method === 'POST') asked.push(request.url!);
    response.end(request.method === 'POST' ? `0x${'11'.repeat(96)}` : JSON.stringify([SHARE]));
  });
  await new Promise<void>((done) => remote.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  await stack.disposeAsync();
  remote.closeAllConnections();
  remote.close();
  dir.dispose();
});

function inputs(exits: ExitRequestFiles): SignerInputs {
  return {
    home: { network, protectionPath: join(dir.path, 'protection.sqlite') } as unknown as SignerInputs['home'],
    record: null,
    vault: `0x${'bb'.repeat(20)}`,
    feeRecipient: `0x${'bb'.repeat(20)}`,
    validatorOf: new Map([[SHARE, VALIDATOR]]),
    exits,
    kill: new KillSwitch({ directory: dir.path }),
    lease: { check: () => undefined } as unknown as SignerInputs['lease'],
    chain: { headSlot: 0, isActive: true },
  };
}

/** Without the request the share signs no exit, whoever asks; with it that exit alone; then again none. */
async function holdToRequests(signer: ShareSigner, exits: ExitRequestFiles): Promise<Uint8Array> {
  const sign = (epoch: number) => signer.sign(SHARE, exitOf(epoch), never);
  const refusal = { rule: 'exit-not-requested' };
  await expect(sign(3)).rejects.toMatchObject(refusal);
  exits.ask(SHARE, 3);
  await expect(sign(3)).rejects.toMatchObject(refusal);
  exits.ask(VALIDATOR, 3);
  const signature = await sign(3);
  await expect(sign(4)).rejects.toMatchObject(refusal);
  exits.withdraw(VALIDATOR);
  await expect(sign(3)).rejects.toMatchObject(refusal);
  return signature;
}

test("the node's own signer lets out no exit but what its operator asks for, in Capella's domain", async () => {
  const exits = new ExitRequestFiles(join(dir.path));
  const shares: KeyPair[] = [{ pubkey: SHARE, secret: Uint8Array.from(SECRET) }];
  const options = { new: true, doppelgangerEpochs: 0 } as NodeOptions;
  const { signer } = await localSigner(inputs(exits), shares, options, context, stack);
  const signature = await holdToRequests(signer, exits);
  expect(verifySignature(SHARE, signingRootOf(parseSignRequest(exitOf(3)), network), signature)).toBe(true);
});

test('nor does a remote one get to see others', async () => {
  const exits = new ExitRequestFiles(join(dir.path, 'remote'));
  const signerUrl = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`;
  const { signer } = await distantSigner(inputs(exits), [SHARE], { signerUrl } as NodeOptions, context);
  await holdToRequests(signer, exits);
  expect(asked).toHaveLength(1);
});
