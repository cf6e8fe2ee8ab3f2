import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRing, publicKeyOf } from '@holdfast/keys';
import { openSqliteProtection, type ProtectionStore } from '@holdfast/protection';
import { type Hex, type Pubkey, toHex } from '@holdfast/units';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf } from '../src/policy/client.ts';
import { notFromTheFuture } from '../src/policy/clock.ts';
import { allOf, allowAll } from '../src/policy/policies.ts';
import { poolPolicy } from '../src/policy/pool.ts';
import { type Policy, SignerService } from '../src/service.ts';
import { GVR, type Json, NETWORK, samples } from './requests-kit.ts';
import { randomFrom } from './requests-values.ts';

// The service over real keys and a real store.

const DST = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const CLIENT = clientOf({ name: 'vc', keys: 'all', types: 'all' });
const SAMPLES = samples(randomFrom(20_261_121));

const folder = mkdtempSync(join(tmpdir(), 'holdfast-service-'));
const secrets = SAMPLES.map((_, at) => Uint8Array.from({ length: 32 }, (_zero, byte) => (byte === 0 ? 1 : at + byte)));
const pubkeys = secrets.map((secret) => publicKeyOf(secret));
let ring: KeyRing;
let store: ProtectionStore;

const serviceWith = (policy: Policy): SignerService =>
  new SignerService({ keys: ring, protection: store, policy, gate: { check() {} }, network: NETWORK });

beforeAll(async () => {
  ring = await KeyRing.create({ threads: 1 });
  ring.add(secrets.map((secret, at) => ({ pubkey: pubkeys[at]!, secret: secret.slice() })));
  store = await openSqliteProtection({ path: join(folder, 'protection.sqlite'), genesisValidatorsRoot: GVR });
  await store.register(pubkeys);
});

afterAll(async () => {
  await ring?.close();
  await store?.close();
  rmSync(folder, { recursive: true, force: true });
});

const nobleSignature = (secret: Uint8Array, root: Uint8Array): Hex => {
  const { hash, sign, Signature } = bls12_381.longSignatures;
  return toHex(Signature.toBytes(sign(hash(root, DST), secret)));
};

describe('signatures', () => {
  it('of every type and fork are those of an independent BLS over the independent root', async () => {
    const service = serviceWith(allowAll);
    const made = await Promise.all(SAMPLES.map(({ body }, at) => service.sign(pubkeys[at]!, body, CLIENT)));
    SAMPLES.forEach(({ name, signingRoot }, at) => {
      expect(made[at], name).toBe(nobleSignature(secrets[at]!, signingRoot));
    });
  });
});

describe('conflicting requests', () => {
  const attesting = (blockRoot: string, target: number): Json => {
    const { body } = SAMPLES.find(({ type }) => type === 'ATTESTATION')!;
    const data = body.attestation as { target: Json };
    const change = { beacon_block_root: blockRoot, target: { ...data.target, epoch: String(target) } };
    return { ...body, attestation: { ...data, ...change } };
  };

  it('asked at once get one signature between them', async () => {
    const service = serviceWith(allowAll);
    const pubkey = pubkeys[0]!;
    const bodies = Array.from({ length: 16 }, (_, at) => attesting(`0x${(at + 16).toString(16).repeat(32)}`, 2000));
    const answers = await Promise.allSettled(bodies.map((body) => service.sign(pubkey, body, CLIENT)));
    const signed = answers.filter(({ status }) => status === 'fulfilled');
    expect(signed).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ kind: 'refused', rule: 'double-vote' });
    }
    const winner = bodies[answers.findIndex(({ status }) => status === 'fulfilled')]!;
    expect(await service.sign(pubkey, winner, CLIENT)).toBe((signed[0] as PromiseFulfilledResult<Hex>).value);
  });

  it('leave a key alone whose request was refused by policy', async () => {
    const pubkey = pubkeys[1]!;
    const future = attesting(GVR, 1_000_000_000);
    const clock = notFromTheFuture({ currentSlot: () => 16_100n });
    const policy = allOf(
      clock,
      poolPolicy({
        withdrawalCredentials: [],
        feeRecipients: [],
        requireProvenFeeRecipient: false,
        voluntaryExitClients: [],
      }),
    );
    await expect(serviceWith(policy).sign(pubkey, future, CLIENT)).rejects.toMatchObject({ rule: 'future-slot' });
    expect(await serviceWith(policy).sign(pubkey, attesting(GVR, 2010), CLIENT)).toMatch(/^0x[0-9a-f]{192}$/);
  });

  it('of a key that the store does not know are refused', async () => {
    const secret = new Uint8Array(32).fill(7);
    const pubkey: Pubkey = publicKeyOf(secret);
    ring.add([{ pubkey, secret }]);
    const answer = serviceWith(allowAll).sign(pubkey, attesting(GVR, 2000), CLIENT);
    await expect(answer).rejects.toMatchObject({ kind: 'refused', rule: 'unknown-key' });
    ring.remove(pubkey);
    const gone = serviceWith(allowAll).sign(pubkey, attesting(GVR, 2000), CLIENT);
    await expect(gone).rejects.toMatchObject({ kind: 'unknownKey' });
  });
});
