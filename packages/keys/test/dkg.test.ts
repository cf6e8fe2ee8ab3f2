import { aggregatePublicKeys, PublicKey, SecretKey } from '@chainsafe/blst';
import { fromHex } from '@holdfast/units';
import { describe, expect, it, vi } from 'vitest';
import { verifySignature } from '../src/bls/bls.ts';
import { Ceremony } from '../src/dkg/ceremony.ts';
import { checkDealing } from '../src/dkg/dealing.ts';
import { decodeMessage, type ValueMessage } from '../src/dkg/messages.ts';
import { keysOf } from '../src/dkg/outcome.ts';
import { planCeremony } from '../src/dkg/plan.ts';
import { decryptKeystore } from '../src/keystore/decrypt.ts';
import { encryptKeystore } from '../src/keystore/encrypt.ts';
import { depositFiles, depositSigningRoot } from '../src/lock/deposit.ts';
import { verifyLock } from '../src/lock/verify.ts';
import { partialSign } from '../src/threshold/partial.ts';
import { combinePubkeys } from '../src/threshold/points.ts';
import { recoverVerified } from '../src/threshold/recover.ts';
import { membersOf, type Played, play } from './support/ceremony.ts';
import { about, flipped, identityOf, publicPoint, says, wrongShares } from './support/liars.ts';
import { sample, seededBytes, seededNumbers } from './support/random.ts';

const root = seededBytes('root')(32);

/** Nodes of the first validator that sign, by share; the group's signature if it verifies. */
async function signTogether(played: Played, parties: readonly number[]): Promise<Uint8Array | undefined> {
  const { keys } = await verifyLock(played.results.get(parties[0]!)!.lock, () => true);
  const partials = parties.map((index) => {
    return { index, signature: partialSign(played.results.get(index)!.shares[0]!, root) };
  });
  return recoverVerified(keys[0]!, root, partials).signature;
}

describe('an honest ceremony', () => {
  it.each([1, 2, 3, 4, 7, 10])('of %i: no deadline passes, all get the same lock, any t sign', async (nodes) => {
    const names = Array.from({ length: nodes }, (_, i) => `node ${i}`);
    const members = membersOf(names, { depositAmounts: ['1000000000', '32000000000'] });
    const played = play({ seed: `honest ${nodes}`, members });
    expect(played.deadlines).toBe(0);
    expect(played.failures.size).toBe(0);
    const results = [...played.results.values()];
    expect(results).toHaveLength(nodes);
    for (const { lock, faults } of results) {
      expect(lock).toEqual(results[0]!.lock);
      expect(faults).toEqual([]);
    }
    const { lock } = results[0]!;
    expect((await verifyLock(lock, () => true)).absent).toEqual([]);
    const below = seededNumbers(`sets ${nodes}`);
    const parties = [...played.results.keys()];
    for (let i = 0; i < 3; i += 1) {
      const signature = await signTogether(played, sample(parties, members.definition.threshold, below));
      expect(verifySignature(lock.validators[0]!.pubkey, root, signature!)).toBe(true);
    }
  });

  it('gives each validator another key, each ceremony others', () => {
    const keysOfSeed = (seed: string) => {
      const played = play({ seed, members: membersOf(['a', 'b', 'c', 'd'], { validators: 5, depositAmounts: [] }) });
      return played.results.get(1)!.lock.validators.map(({ pubkey }) => pubkey);
    };
    const keys = [...keysOfSeed('x'), ...keysOfSeed('y')];
    expect(new Set(keys).size).toBe(10);
    expect(keysOfSeed('x')).toEqual(keys.slice(0, 5));
  });

  it('signs deposits that the chain takes, and writes them as the deposit tools do', () => {
    const members = membersOf(['a', 'b', 'c', 'd']);
    const { lock } = play({ seed: 'deposits', members }).results.get(1)!;
    const { withdrawalCredentials, network } = members.definition;
    const [file] = depositFiles(lock);
    expect(file).toHaveLength(2);
    for (const [i, { pubkey, deposits }] of lock.validators.entries()) {
      const signingRoot = depositSigningRoot(
        { pubkey, withdrawalCredentials, amount: 1_000_000_000n },
        network.genesisForkVersion,
      );
      expect(verifySignature(pubkey, signingRoot, fromHex(deposits[0]!.signature))).toBe(true);
      expect(file![i]).toMatchObject({
        pubkey: pubkey.slice(2),
        withdrawal_credentials: withdrawalCredentials.slice(2),
        amount: 1_000_000_000,
        fork_version: '10000038',
        network_name: 'devnet',
      });
    }
  });

  it('gives shares that rest in keystores as any key does', () => {
    const { lock, shares } = play({ seed: 'keystores', members: membersOf(['a', 'b', 'c', 'd']) }).results.get(3)!;
    const keystore = encryptKeystore({
      secret: shares[1]!,
      password: 'a password',
      kdf: { function: 'pbkdf2', c: 2 ** 18 },
    });
    const { secret, pubkey } = decryptKeystore(keystore, 'a password');
    expect(pubkey).toBe(lock.validators[1]!.sharePubkeys[2]);
    expect(partialSign(secret, root)).toEqual(partialSign(shares[1]!, root));
  });
});

describe('safeguards: without them something breaks', () => {
  const two = membersOf(['a', 'b'], { validators: 1 });

  it('proof of possession: a dealer that speaks last would choose the key', () => {
    // Two of two, where no third share checks the dealing: party 2 knows party 1's commitment, and picks its own so that
    // the sum is a key it knows.
    let heard: ValueMessage | undefined;
    play({
      seed: 'rogue',
      members: two,
      lies: new Map([
        [
          1,
          about('value', (message) => {
            if (message.phase === 'deal') heard = message;
            return [message];
          }),
        ],
      ]),
    });
    const plan = planCeremony(two.definition);
    const honest = checkDealing(plan, 1, heard!.payload)!;
    const mine = PublicKey.fromBytes(publicPoint(77));
    const rogue = combinePubkeys([mine, honest[0]![0]!], [1n, -1n]);
    const share = PublicKey.fromBytes(publicPoint(5));
    const slope = combinePubkeys([share, rogue], [1n, -1n]);
    const commitments = [[rogue, slope]];

    // The share of party 1 fits, so only the proof stands in the way. Without it the attacker's key is the cluster's.
    expect(aggregatePublicKeys([rogue, slope]).toBytes()).toEqual(share.toBytes());
    const all = new Map([
      [1, honest],
      [2, commitments],
    ]);
    const [key] = keysOf(plan, { parties: [1, 2], factors: [1n, 1n] }, all);
    expect(key!.groupPubkey.toBytes()).toEqual(combinePubkeys([mine], [plan.scheme.scale]).toBytes());

    const stolen = heard!.payload.slice(-96);
    const payload = new Uint8Array([...rogue.toBytes(), ...slope.toBytes(), ...stolen]);
    expect(checkDealing(plan, 2, payload)).toBeUndefined();
    const forged = SecretKey.fromBytes(seededBytes('forged')(32).fill(1, 0, 1))
      .sign(root)
      .toBytes();
    expect(checkDealing(plan, 2, new Uint8Array([...payload.slice(0, 96), ...forged]))).toBeUndefined();
    const played = play({
      seed: 'rogue',
      members: two,
      lies: new Map([[2, says({ members: two }, identityOf(two, 2), 'deal', () => payload)]]),
    });
    expect(played.failures.get(1)?.faults).toContainEqual({ party: 2, reason: 'bad-dealing', excluded: true });
  });

  it('a proof of possession serves one dealer, one validator and one ceremony', () => {
    const members = membersOf(['a', 'b', 'c', 'd']);
    let heard: ValueMessage | undefined;
    const catchDeal = about('value', (message) => {
      if (message.phase === 'deal') heard ??= message;
      return [message];
    });
    play({ seed: 'reuse', members, lies: new Map([[1, catchDeal]]) });
    const plan = planCeremony(members.definition);
    const { payload } = heard!;
    expect(checkDealing(plan, 1, payload)).toBeDefined();
    expect(checkDealing(plan, 2, payload)).toBeUndefined();
    const exchanged = [...payload.slice(0, -192), ...payload.slice(-96), ...payload.slice(-192, -96)];
    expect(checkDealing(plan, 1, new Uint8Array(exchanged))).toBeUndefined();
    const later = planCeremony({ ...members.definition, nonce: `0x${'77'.repeat(32)}` as never });
    expect(checkDealing(later, 1, payload)).toBeUndefined();
  });

  it('checking of shares: a wrong one would be kept, and its honest holder take the blame', async () => {
    vi.resetModules();
    vi.doMock('../src/threshold/split.ts', async (original) => {
      return { ...(await original<typeof import('../src/threshold/split.ts')>()), isShareOf: () => true };
    });
    try {
      const mutant = await import('./support/ceremony.ts');
      const members = mutant.membersOf(['a', 'b', 'c', 'd']);
      const played = mutant.play({ seed: 'believes', members, lies: new Map([[2, wrongShares([3])]]) });
      const { faults, qualified } = played.results.get(1)!;
      expect(qualified).toContain(2);
      expect(faults).toEqual([{ party: 3, reason: 'bad-partial', excluded: false }]);
    } finally {
      vi.doUnmock('../src/threshold/split.ts');
      vi.resetModules();
    }
  });

  it('echoes: an equivocator would part the nodes', () => {
    const members = membersOf(['a', 'b', 'c', 'd']);
    const lie = says({ members }, identityOf(members, 2), 'deal', (payload, to) =>
      to === 3 ? flipped(payload, 60) : payload,
    );
    const lies = new Map([[2, lie]]);
    const played = play({
      seed: 'no echoes',
      members,
      lies,
      tune: (_party, config) => {
        return { ...config, plan: { ...config.plan, faults: 0, broadcastRounds: 1, rounds: 5 } };
      },
    });
    const verdicts = [1, 3, 4].map(
      (party) => played.results.get(party)?.qualified ?? played.failures.get(party)?.error.code,
    );
    expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBeGreaterThan(1);
  });
});

describe('a ceremony as a machine', () => {
  const members = membersOf(['a', 'b', 'c', 'd']);
  const plan = planCeremony(members.definition);
  const config = (identity: (typeof members.identities)[number]) => {
    return { plan, operatorSignatures: members.operatorSignatures, identity, random: seededBytes('machine') };
  };

  it('refuses a node that is not in it', () => {
    expect(() => new Ceremony(config(membersOf(['z']).identities[0]!))).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_PLAN' }),
    );
  });

  it('alone it ends by its deadlines, whatever order they come in', () => {
    const ceremony = new Ceremony(config(members.identities[0]!));
    ceremony.step({ kind: 'start' });
    expect(ceremony.step({ kind: 'start' })).toEqual([]);
    const effects = ceremony.step({ kind: 'deadline', round: plan.rounds });
    expect(effects.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'THRESHOLD_TOO_FEW_DEALERS' } });
    expect(ceremony.stage).toBe('over');
    expect(ceremony.step({ kind: 'deadline', round: 0 })).toEqual([]);
  });

  it('does nothing before its start but listen, and ignores strangers and its own echo', () => {
    const ceremony = new Ceremony(config(members.identities[0]!));
    expect(ceremony.step({ kind: 'deadline', round: 3 })).toEqual([]);
    for (const from of [0, 1, 5, -1]) {
      expect(ceremony.step({ kind: 'message', from, bytes: new Uint8Array(40) })).toEqual([]);
    }
    expect(ceremony.stage).toBe('deal');
  });

  it('abandoned, it erases and is over', () => {
    const ceremony = new Ceremony(config(members.identities[0]!));
    const sent = ceremony.step({ kind: 'start' }).filter((effect) => effect.kind === 'send');
    expect(sent.map(({ bytes }) => decodeMessage(bytes, plan.limits).kind)).toContain('shares');
    ceremony.abandon();
    expect(ceremony.stage).toBe('over');
    expect(ceremony.step({ kind: 'deadline', round: 9 })).toEqual([]);
  });
});
