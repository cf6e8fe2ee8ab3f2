import { type Hex, type Pubkey, toHex } from '@holdfast/units';
import { SLOTS_PER_EPOCH } from '@lodestar/params';
import { describe, expect, it } from 'vitest';
import { RefusedError, SignerConfigError } from '../src/errors.ts';
import { clientOf } from '../src/policy/client.ts';
import { notFromTheFuture, slotClock } from '../src/policy/clock.ts';
import { FEE_RECIPIENT_INDEX } from '../src/policy/fee-recipient.ts';
import { allOf, allowAll, perKey } from '../src/policy/policies.ts';
import { type PoolPolicyOptions, poolPolicy, vaultCredentials } from '../src/policy/pool.ts';
import { parseSignRequest } from '../src/requests/parse.ts';
import { FORKS, type SignType } from '../src/requests/types.ts';
import { isValidBranch } from '../src/roots/merkle.ts';
import type { Policy } from '../src/service.ts';
import { blindedBodyRoot, type Json, provenBlock, samplesAt } from './requests-kit.ts';
import { randomFrom } from './requests-values.ts';

const POOL: Hex = `0x${'5a'.repeat(20)}`;
const OTHER: Hex = `0x${'c3'.repeat(20)}`;
const VAULT: Hex = '0x00000000219AB540356CBB839CBe05303D7705Fa';
const PUBKEY = `0x${'11'.repeat(48)}` as Pubkey;
const CLIENT = clientOf({ name: 'vc', keys: 'all', types: 'all' });

const OPTIONS: PoolPolicyOptions = {
  withdrawalCredentials: [vaultCredentials(VAULT)],
  feeRecipients: [POOL],
  requireProvenFeeRecipient: true,
  voluntaryExitClients: [],
};

const samples = samplesAt(1000, randomFrom(20_261_121));
const bodyOf = (name: string): Json => structuredClone(samples.find((sample) => sample.name === name)!.body);

/** The rule that refused, or null. */
function ruleOf(policy: Policy, body: unknown, client = CLIENT): string | null {
  try {
    policy.check(parseSignRequest(body), { pubkey: PUBKEY, client });
    return null;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    expect(error.kind).toBe('refused');
    expect(error.message).toContain(error.rule);
    return error.rule;
  }
}

describe('deposits', () => {
  const depositing = (withdrawal_credentials: string): Json => {
    const body = bodyOf('DEPOSIT');
    return { ...body, deposit: { ...(body.deposit as Json), withdrawal_credentials } };
  };
  const vault = vaultCredentials(VAULT);

  it("go to the pool's vault", () => {
    expect(vault).toBe('0x02000000000000000000000000000000219ab540356cbb839cbe05303d7705fa');
    expect(ruleOf(poolPolicy(OPTIONS), depositing(vault))).toBeNull();
  });

  it.each([
    ['an address', vaultCredentials(OTHER)],
    ['another prefix', vaultCredentials(VAULT, '0x01')],
    ['a BLS key', `0x00${'7'.repeat(62)}`],
    ['the vault after a byte that is not zero', vault.replace('0x0200', '0x0201')],
  ])('to %s are refused', (_name, credentials) => {
    expect(ruleOf(poolPolicy(OPTIONS), depositing(credentials))).toBe('deposit-credentials');
    expect(ruleOf(allowAll, depositing(credentials))).toBeNull();
  });

  it('are refused when no vault is named', () => {
    expect(ruleOf(poolPolicy({ ...OPTIONS, withdrawalCredentials: [] }), depositing(vault))).toBe(
      'deposit-credentials',
    );
  });
});

describe('registrations with builders', () => {
  const registering = (fee_recipient: string): Json => {
    const body = bodyOf('VALIDATOR_REGISTRATION');
    return { ...body, validator_registration: { ...(body.validator_registration as Json), fee_recipient } };
  };

  it('name the pool as who is paid, in either case of hex', () => {
    const policy = poolPolicy({ ...OPTIONS, feeRecipients: [POOL.toUpperCase().replace('0X', '0x') as Hex] });
    expect(ruleOf(policy, registering(POOL))).toBeNull();
    expect(ruleOf(policy, registering(POOL.toUpperCase().replace('0X', '0x')))).toBeNull();
    expect(ruleOf(policy, registering(OTHER))).toBe('registration-fee-recipient');
    expect(ruleOf(allowAll, registering(OTHER))).toBeNull();
  });
});

describe("a block's fee recipient", () => {
  const merged = FORKS.filter((fork) => fork !== 'phase0' && fork !== 'altair');
  const strict = poolPolicy(OPTIONS);
  const lenient = poolPolicy({ ...OPTIONS, requireProvenFeeRecipient: false });

  it.each(merged)('stands in a body of %s where the index says, and is proven there', (fork) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { body, proof, gindex } = provenBlock(fork, POOL, randomFrom(seed));
      expect(FEE_RECIPIENT_INDEX[fork]).toBe(gindex);
      expect(ruleOf(strict, { ...body, proofs: [proof] })).toBeNull();
      expect(ruleOf(strict, { ...body, proofs: [{ ...proof, value: POOL }] })).toBeNull();
      expect(ruleOf(strict, { ...body, proofs: [{ ...proof, value: `${POOL}${'00'.repeat(12)}` }] })).toBeNull();
      expect(ruleOf(strict, { ...body, proofs: [{ ...proof, index: Number(gindex) }] })).toBeNull();
    }
  });

  it.each(merged)('of another is found out in %s, proof required or not', (fork) => {
    const { body, proof } = provenBlock(fork, OTHER, randomFrom(3));
    for (const policy of [strict, lenient]) {
      expect(ruleOf(policy, { ...body, proofs: [proof] })).toBe('block-fee-recipient-proof');
      expect(ruleOf(policy, { ...body, proofs: [{ ...proof, value: OTHER }] })).toBe('block-fee-recipient');
      expect(ruleOf(policy, { ...body, proofs: [{ ...proof, value: POOL }] })).toBe('block-fee-recipient-proof');
    }
    expect(ruleOf(allowAll, { ...body, proofs: [proof] })).toBeNull();
  });

  it('is not proven by anything less than the whole branch', () => {
    const { body, proof } = provenBlock('fulu', POOL, randomFrom(4));
    const refused = (change: Json) => ruleOf(lenient, { ...body, proofs: [{ ...proof, ...change }] });
    for (let depth = 0; depth < proof.proof.length; depth += 1) {
      expect(refused({ proof: proof.proof.with(depth, `0x${'00'.repeat(31)}01`) })).toBe('block-fee-recipient-proof');
    }
    expect(refused({ proof: proof.proof.slice(1) })).toBe('block-fee-recipient-proof');
    expect(refused({ proof: [...proof.proof, proof.proof[0]] })).toBe('block-fee-recipient-proof');
    expect(refused({ proof: [] })).toBe('block-fee-recipient-proof');
    expect(refused({ value: '0x5a' })).toBe('block-fee-recipient-proof');
    expect(refused({ value: `${POOL}${'00'.repeat(11)}01` })).toBe('block-fee-recipient-proof');
  });

  it('is not proven by the proof of another block', () => {
    const { body } = provenBlock('fulu', POOL, randomFrom(5));
    const { proof } = provenBlock('fulu', POOL, randomFrom(6));
    expect(ruleOf(lenient, { ...body, proofs: [proof] })).toBe('block-fee-recipient-proof');
  });

  it('must be right in each proof that is sent', () => {
    const { body, proof } = provenBlock('fulu', POOL, randomFrom(7));
    const wrong = { ...proof, proof: [...proof.proof].reverse() };
    expect(ruleOf(lenient, { ...body, proofs: [proof, wrong] })).toBe('block-fee-recipient-proof');
    expect(ruleOf(lenient, { ...body, proofs: [wrong, proof] })).toBe('block-fee-recipient-proof');
  });

  it('cannot be shown under the name of another fork', () => {
    for (const fork of merged) {
      const { body, proof } = provenBlock(fork, POOL, randomFrom(8));
      for (const named of merged.filter((other) => FEE_RECIPIENT_INDEX[other] !== FEE_RECIPIENT_INDEX[fork])) {
        const block = { ...(body.beacon_block as Json), version: named.toUpperCase() };
        expect(ruleOf(strict, { ...body, beacon_block: block, proofs: [proof] })).toBe('block-fee-recipient-unproven');
        const moved = { ...proof, index: FEE_RECIPIENT_INDEX[named]!.toString() };
        expect(ruleOf(strict, { ...body, beacon_block: block, proofs: [moved] })).toBe('block-fee-recipient-proof');
      }
    }
  });

  it('is demanded of every header when so configured, and of none before the merge', () => {
    for (const fork of FORKS) {
      const body = bodyOf(`BLOCK_V2 ${fork}`);
      const old = fork === 'phase0' || fork === 'altair';
      expect(ruleOf(strict, body)).toBe(old ? null : 'block-fee-recipient-unproven');
      expect(ruleOf(strict, { ...body, proofs: [{ index: '2', proof: [`0x${'00'.repeat(32)}`] }] })).toBe(
        old ? null : 'block-fee-recipient-unproven',
      );
      expect(ruleOf(lenient, body)).toBeNull();
    }
    expect(ruleOf(strict, bodyOf('BLOCK'))).toBeNull();
  });

  it.each(['bellatrix', 'capella', 'deneb', 'electra', 'fulu'] as const)(
    'has the same place in a blinded block of %s',
    (fork) => {
      const { bodyRoot, branch, feeRecipient, gindex } = blindedBodyRoot(fork, randomFrom(9));
      expect(gindex).toBe(FEE_RECIPIENT_INDEX[fork]);
      const policy = poolPolicy({ ...OPTIONS, feeRecipients: [OTHER, feeRecipient] });
      const leaf = new Uint8Array(32);
      leaf.set(Buffer.from(feeRecipient.slice(2), 'hex'));
      expect(isValidBranch(leaf, branch, gindex, bodyRoot)).toBe(true);
      const body = bodyOf(`BLOCK_V2 ${fork}`);
      const block = body.beacon_block as { block_header: Json };
      block.block_header.body_root = toHex(bodyRoot);
      const proofs = [{ index: gindex.toString(), proof: branch.map((node) => toHex(node)) }];
      expect(ruleOf(policy, { ...body, proofs })).toBeNull();
      expect(ruleOf(strict, { ...body, proofs })).toBe('block-fee-recipient-proof');
    },
  );
});

describe('voluntary exits', () => {
  const exiting = bodyOf('VOLUNTARY_EXIT');

  it('are for the clients that are named', () => {
    expect(ruleOf(poolPolicy(OPTIONS), exiting)).toBe('voluntary-exit');
    const named = poolPolicy({ ...OPTIONS, voluntaryExitClients: ['keymanager'] });
    expect(ruleOf(named, exiting)).toBe('voluntary-exit');
    expect(ruleOf(named, exiting, { ...CLIENT, name: 'keymanager' })).toBeNull();
    expect(ruleOf(poolPolicy({ ...OPTIONS, voluntaryExitClients: 'all' }), exiting)).toBeNull();
    expect(ruleOf(allowAll, exiting)).toBeNull();
  });
});

describe('the clock', () => {
  const now = { slot: 8000n };
  const policy = notFromTheFuture({ currentSlot: () => now.slot }, 4);
  const attesting = (slot: bigint, source: bigint, target: bigint): Json => {
    const body = bodyOf('ATTESTATION');
    const data = body.attestation as Json;
    const checkpoint = (of: unknown, epoch: bigint) => ({ ...(of as Json), epoch: epoch.toString() });
    const { source: from, target: to } = data;
    const change = { slot: slot.toString(), source: checkpoint(from, source), target: checkpoint(to, target) };
    return { ...body, attestation: { ...data, ...change } };
  };
  const proposing = (slot: bigint): Json => {
    const body = bodyOf('BLOCK_V2 fulu');
    const block = body.beacon_block as { block_header: Json };
    block.block_header.slot = slot.toString();
    return body;
  };

  it('lets the present and the past pass', () => {
    const epoch = now.slot / BigInt(SLOTS_PER_EPOCH);
    expect(ruleOf(policy, proposing(8004n))).toBeNull();
    expect(ruleOf(policy, proposing(0n))).toBeNull();
    expect(ruleOf(policy, attesting(8004n, epoch - 1n, epoch))).toBeNull();
    expect(ruleOf(policy, { ...bodyOf('RANDAO_REVEAL'), randao_reveal: { epoch: epoch.toString() } })).toBeNull();
  });

  it('keeps the future from locking a key out', () => {
    const max = 2n ** 64n - 1n;
    const epoch = now.slot / BigInt(SLOTS_PER_EPOCH);
    for (const body of [
      proposing(8005n),
      proposing(max),
      attesting(8005n, epoch - 1n, epoch),
      attesting(8000n, epoch - 1n, epoch + 1n),
      attesting(8000n, epoch - 1n, max),
      attesting(8000n, max, epoch),
      { ...bodyOf('RANDAO_REVEAL'), randao_reveal: { epoch: (epoch + 1n).toString() } },
    ]) {
      expect(ruleOf(policy, body)).toBe('future-slot');
      expect(ruleOf(allowAll, body)).toBeNull();
    }
  });

  it('leaves alone what ties the key to nothing', () => {
    for (const { name, body } of samples) {
      const tied = /^(BLOCK|ATTESTATION|RANDAO)/.test(name);
      expect(ruleOf(notFromTheFuture({ currentSlot: () => 0n }), body), name).toBe(tied ? 'future-slot' : null);
    }
  });

  it('counts slots from genesis', () => {
    const time = { nowMs: 0 };
    const clock = slotClock({ genesisTimeSeconds: 1000, secondsPerSlot: 12, nowMs: () => time.nowMs });
    const at = (ms: number) => {
      time.nowMs = ms;
      return clock.currentSlot();
    };
    expect([0, 1_000_000, 1_011_999, 1_012_000, 1_120_500].map(at)).toEqual([0n, 0n, 0n, 1n, 10n]);
  });
});

describe('policies', () => {
  const refuse = (rule: string): Policy => ({
    check() {
      throw new RefusedError(rule, 'no');
    },
  });

  it('hold together, the first refusal told', () => {
    expect(ruleOf(allOf(allowAll, refuse('a'), refuse('b')), bodyOf('ATTESTATION'))).toBe('a');
    expect(ruleOf(allOf(), bodyOf('ATTESTATION'))).toBeNull();
  });

  it('may differ from key to key', () => {
    const policy = perKey((pubkey) => (pubkey === PUBKEY ? refuse('pool') : allowAll));
    expect(ruleOf(policy, bodyOf('ATTESTATION'))).toBe('pool');
    expect(
      ruleOf(
        perKey(() => allowAll),
        bodyOf('ATTESTATION'),
      ),
    ).toBeNull();
  });

  it('refuse to be set up with what is no address', () => {
    expect(() => poolPolicy({ ...OPTIONS, feeRecipients: ['0x12'] })).toThrow(SignerConfigError);
    expect(() => poolPolicy({ ...OPTIONS, withdrawalCredentials: [POOL] })).toThrow(/withdrawalCredentials must be/);
  });
});

describe('a client', () => {
  it('has what its lists hold', () => {
    const types: SignType[] = ['ATTESTATION'];
    const client = clientOf({ name: 'vc', keys: [PUBKEY], types });
    expect([client.mayUse(PUBKEY), client.mayUse(`0x${'22'.repeat(48)}` as Pubkey)]).toEqual([true, false]);
    expect([client.mayAsk('ATTESTATION'), client.mayAsk('BLOCK_V2')]).toEqual([true, false]);
    expect([CLIENT.mayUse(PUBKEY), CLIENT.mayAsk('DEPOSIT')]).toEqual([true, true]);
    const nothing = clientOf({ name: 'vc', keys: [], types: [] });
    expect([nothing.mayUse(PUBKEY), nothing.mayAsk('ATTESTATION')]).toEqual([false, false]);
  });
});
