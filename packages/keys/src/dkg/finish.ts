/** The second half of a ceremony: confirm the transcript, sign the deposits together, seal the lock. Pure. */
import { createHash } from 'node:crypto';
import { type PublicKey, Signature, verifyMultipleAggregateSignatures } from '@chainsafe/blst';
import { type Pubkey, type Root, toHex } from '@holdfast/units';
import { depositSigningRoot } from '../lock/deposit.ts';
import { sealLock, signLock, verifyLockPart } from '../lock/seal.ts';
import {
  type ClusterLock,
  LOCK_VERSION,
  type LockContent,
  type LockDeposit,
  type LockValidator,
  type OperatorSignatures,
} from '../lock/types.ts';
import type { ThresholdKey } from '../threshold/key.ts';
import { type PartialBatch, type PartialSignature, partialSign } from '../threshold/partial.ts';
import { recoverSignature, recoverVerified } from '../threshold/recover.ts';
import type { Scalar } from '../threshold/scalar.ts';
import type { ShareIndex } from '../threshold/scheme.ts';
import type { Word } from './broadcast.ts';
import type { FaultList } from './faults.ts';
import { type NodeIdentity, verifyIdentity } from './identity.ts';
import { type ConfirmMessage, type Party, PHASES, type Phase } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';

/** What all nodes know when the dealings are settled, and this node's shares (none for one that leaves). */
export interface Settled {
  readonly plan: CeremonyPlan;
  readonly keys: readonly ThresholdKey[];
  readonly shares: readonly Scalar[];
  readonly transcriptHash: Uint8Array;
}

/** Hash over every broadcast word and every key that came of them. Equal at all nodes that saw the same ceremony. */
export function transcriptOf(
  { id, identities }: CeremonyPlan,
  wordOf: (phase: Phase, party: Party) => Word | undefined,
  keys: readonly ThresholdKey[],
): Uint8Array {
  const hash = createHash('sha256').update('holdfast/dkg/1/transcript\n').update(id);
  for (const phase of PHASES) {
    for (const party of identities.keys()) {
      const word = wordOf(phase, party + 1);
      hash.update(word?.kind === 'said' ? word.hash : new Uint8Array(32));
    }
  }
  for (const { groupPubkey, sharePubkeys } of keys)
    for (const point of [groupPubkey, ...sharePubkeys]) hash.update(point.toBytes());
  return new Uint8Array(hash.digest());
}

/** This node's confirmation, with its part of each deposit's signature. */
export function confirmation(settled: Settled, identity: NodeIdentity): ConfirmMessage {
  const roots = depositRoots(settled);
  return {
    kind: 'confirm',
    transcriptHash: settled.transcriptHash,
    signature: identity.sign(confirmStatement(settled.plan, settled.transcriptHash)),
    partials: settled.shares.flatMap((share, i) => (roots[i] ?? []).map((root) => partialSign(share, root))),
  };
}

/** Whether the sender confirms what this node saw. */
export function confirmsSame({ plan, transcriptHash }: Settled, from: Party, message: ConfirmMessage): boolean {
  const statement = confirmStatement(plan, message.transcriptHash);
  return (
    Buffer.compare(message.transcriptHash, transcriptHash) === 0 &&
    message.partials.length === plan.limits.partials &&
    verifyIdentity(plan.identities[from - 1]!, statement, message.signature)
  );
}

/**
 * The lock's content once the deposits are signed. `undefined` where fewer than t partial signatures of a deposit are
 * good; whoever sent a bad one is named.
 */
export function contentOf(
  settled: Settled,
  operatorSignatures: readonly OperatorSignatures[],
  partials: ReadonlyMap<ShareIndex, readonly Uint8Array[]>,
  faults: FaultList,
): LockContent | undefined {
  const { plan, keys, transcriptHash } = settled;
  const deposits = plan.previous
    ? plan.previous.lock.validators.map((validator) => validator.deposits)
    : signDeposits(settled, partials, faults);
  if (!deposits) return undefined;
  const validators = keys.map(({ groupPubkey, sharePubkeys }, i): LockValidator => {
    return { pubkey: hexOf(groupPubkey), sharePubkeys: sharePubkeys.map(hexOf), deposits: deposits[i]! };
  });
  return {
    version: LOCK_VERSION,
    definition: plan.definition,
    operatorSignatures,
    validators,
    transcriptHash: toHex(transcriptHash) as Root,
  };
}

/** Each validator's signed deposits; undefined where too few partial signatures of one are good. */
function signDeposits(
  settled: Settled,
  partials: ReadonlyMap<ShareIndex, readonly Uint8Array[]>,
  faults: FaultList,
): LockDeposit[][] | undefined {
  const amounts = settled.plan.definition.depositAmounts;
  const wanted = depositRoots(settled).flatMap((roots, i) => {
    return roots.map((signingRoot, k) => {
      const at = i * amounts.length + k;
      const parts = [...partials].map(([index, signatures]) => ({ index, signature: signatures[at]! }));
      return { key: settled.keys[i]!, signingRoot, partials: parts };
    });
  });
  const signatures = recoverAll(wanted) ?? recoverEach(wanted, faults);
  return (
    signatures &&
    settled.keys.map((_, i) =>
      amounts.map((amount, k) => ({ amount, signature: toHex(signatures[i * amounts.length + k]!) })),
    )
  );
}

/** As if all partial signatures were good: one recovery each, one verification for all. */
function recoverAll(wanted: readonly PartialBatch[]): Uint8Array[] | undefined {
  if (wanted.length === 0) return [];
  try {
    const signatures = wanted.map(({ key: { scheme }, partials }) =>
      recoverSignature(scheme, partials.slice(0, scheme.threshold)),
    );
    const sets = wanted.map(({ key, signingRoot }, i) => {
      return { msg: signingRoot, pk: key.groupPubkey, sig: Signature.fromBytes(signatures[i]!, true) };
    });
    return verifyMultipleAggregateSignatures(sets) ? signatures : undefined;
  } catch {
    // A partial signature that is no point: `recoverEach` finds whose.
    return undefined;
  }
}

/** One by one, naming who sent bad ones. */
function recoverEach(wanted: readonly PartialBatch[], faults: FaultList): Uint8Array[] | undefined {
  const recovered = wanted.map(({ key, signingRoot, partials }) => recoverVerified(key, signingRoot, partials));
  for (const culprit of recovered.flatMap(({ culprits }) => culprits)) faults.add(culprit, 'bad-partial');
  const signatures = recovered.flatMap(({ signature }) => (signature ? [signature] : []));
  return signatures.length === wanted.length ? signatures : undefined;
}

/** This node's part of the lock's aggregate signature. */
export function sealPart({ shares }: Settled, content: LockContent): Uint8Array {
  return signLock(shares, content);
}

/** The lock, if the parts of at least t nodes are good; whoever sent a bad one is named. */
export function sealed(
  { plan, keys }: Settled,
  content: LockContent,
  parts: readonly PartialSignature[],
  faults: FaultList,
): ClusterLock | undefined {
  const good = parts.filter((part) => {
    const isGood = verifyLockPart(keys, content, part);
    if (!isGood) faults.add(part.index, 'bad-partial');
    return isGood;
  });
  return good.length < plan.scheme.threshold ? undefined : sealLock(content, good);
}

function depositRoots({ plan: { definition, previous }, keys }: Settled): Uint8Array[][] {
  if (previous) return [];
  const { withdrawalCredentials, network } = definition;
  return keys.map(({ groupPubkey }) =>
    definition.depositAmounts.map((amount) =>
      depositSigningRoot(
        { pubkey: hexOf(groupPubkey), withdrawalCredentials, amount: BigInt(amount) },
        network.genesisForkVersion,
      ),
    ),
  );
}

function confirmStatement({ id }: CeremonyPlan, transcriptHash: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update('holdfast/dkg/1/confirm\n').update(id).update(transcriptHash);
  return new Uint8Array(hash.digest());
}

function hexOf(point: PublicKey): Pubkey {
  return toHex(point.toBytes()) as Pubkey;
}
