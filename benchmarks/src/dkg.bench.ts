// Key ceremonies of all their nodes in one process, one after the other, nothing on the wire. What is told is the time
// that they would take on machines of their own with one core: for each stage the processor time of the slowest node, summed. The lines' delay comes on
// top: one delay a round, `rounds` of them when nobody is late. Bytes are those that the busiest node sends.
import {
  byzantineThreshold,
  Ceremony,
  type CeremonyPlan,
  type CeremonyResult,
  type ClusterDefinition,
  ed25519Identity,
  loadThresholdKey,
  type NodeIdentity,
  type PreviousCluster,
  partialSign,
  planCeremony,
  recoverSignature,
  splitKey,
  thresholdScheme,
  verifyLock,
} from '@holdfast/keys';
import { type Root, toHex } from '@holdfast/units';
import { randomBytes, seeded } from './random.ts';
import type { BenchRow } from './row.ts';

export const names = [
  'threshold.recoverMs.4',
  'threshold.recoverMs.7',
  'threshold.recoverMs.10',
  'dkg.seconds.100x4',
  'dkg.bytes.100x4',
  'dkg.seconds.100x7',
  'dkg.bytes.100x7',
  'dkg.seconds.1000x4',
  'dkg.bytes.1000x4',
  'reshare.seconds.100x4',
  'reshare.bytes.100x4',
];

const random = seeded(4);
const bytes = (length: number): Uint8Array => randomBytes(random, length);

export async function run(): Promise<BenchRow[]> {
  const rows = [recovery(4, 1), recovery(7, 2), recovery(10, 3)];
  const small = found(4, 100);
  rows.push(...ceremonyRows('dkg', '100x4', small, { seconds: 2, bytes: 150_000 }));
  rows.push(...ceremonyRows('dkg', '100x7', found(7, 100), { seconds: 3, bytes: 400_000 }));
  rows.push(...ceremonyRows('dkg', '1000x4', found(4, 1000), { seconds: 15, bytes: 1_500_000 }));
  rows.push(...ceremonyRows('reshare', '100x4', await replaceOne(small), { seconds: 2, bytes: 100_000 }));
  return rows;
}

interface Cluster {
  readonly identities: readonly NodeIdentity[];
  readonly definition: ClusterDefinition;
  readonly results: readonly CeremonyResult[];
  readonly seconds: number;
  readonly bytes: number;
  readonly rounds: number;
}

function ceremonyRows(
  family: string,
  size: string,
  { seconds, bytes: sent, rounds }: Cluster,
  target: { readonly seconds: number; readonly bytes: number },
): BenchRow[] {
  console.log(
    `${family} ${size}: ${seconds.toFixed(2)} s of work, ${sent} bytes from the busiest node, ${rounds} rounds`,
  );
  return [
    { name: `${family}.seconds.${size}`, value: seconds, unit: 's', target: target.seconds, better: 'lower' },
    { name: `${family}.bytes.${size}`, value: sent, unit: 'bytes', target: target.bytes, better: 'lower' },
  ];
}

function definitionOf(identities: readonly NodeIdentity[], changes: Partial<ClusterDefinition>): ClusterDefinition {
  const zero = `0x${'00'.repeat(32)}` as Root;
  return {
    name: 'bench',
    nonce: toHex(bytes(32)) as Root,
    network: { name: 'bench', genesisForkVersion: '0x00000000', genesisValidatorsRoot: zero },
    withdrawalCredentials: zero,
    feeRecipient: `0x${'00'.repeat(20)}`,
    threshold: byzantineThreshold(identities.length),
    validators: 1,
    depositAmounts: ['1000000000'],
    operators: identities.map(({ publicKey }) => ({ address: toHex(bytes(20)), identity: publicKey, multiaddrs: [] })),
    generation: 0,
    previousLockHash: zero,
    ...changes,
  };
}

function found(nodes: number, validators: number): Cluster {
  const identities = Array.from({ length: nodes }, () => ed25519Identity(bytes(32)));
  const definition = definitionOf(identities, { validators });
  return hold(planCeremony(definition), identities, new Map());
}

/** The last node gives its place to a new one. */
async function replaceOne(old: Cluster): Promise<Cluster> {
  const { lock } = old.results[0]!;
  const previous: PreviousCluster = await verifyLock(lock, () => true);
  const identities = [...old.identities.slice(0, -1), ed25519Identity(bytes(32)), old.identities.at(-1)!];
  const { validators, generation } = old.definition;
  const definition = definitionOf(identities.slice(0, -1), {
    network: old.definition.network,
    validators,
    generation: generation + 1,
    previousLockHash: lock.lockHash,
  });
  const shares = new Map(old.results.map((result, i) => [old.identities[i]!.publicKey, result]));
  return hold(planCeremony(definition, previous), identities, shares);
}

function hold(
  plan: CeremonyPlan,
  identities: readonly NodeIdentity[],
  old: ReadonlyMap<string, CeremonyResult>,
): Cluster {
  const signature = `0x${'00'.repeat(65)}` as const;
  const operatorSignatures = plan.definition.operators.map(() => ({ entry: signature, definition: signature }));
  const ceremonies = identities.map((identity) => {
    const oldShares = old.get(identity.publicKey)?.shares;
    return new Ceremony({ plan, operatorSignatures, identity, random: bytes, ...(oldShares ? { oldShares } : {}) });
  });
  const sent = ceremonies.map(() => 0);
  const work = new Map<string, number[]>();
  const results: CeremonyResult[] = [];
  const wire: { from: number; to: number; bytes: Uint8Array }[] = [];
  let rounds = 0;
  const step = (at: number, input: Parameters<Ceremony['step']>[0]): void => {
    const ceremony = ceremonies[at]!;
    const spent = work.get(ceremony.stage) ?? ceremonies.map(() => 0);
    work.set(ceremony.stage, spent);
    const before = process.cpuUsage();
    const effects = ceremony.step(input);
    const { user, system } = process.cpuUsage(before);
    spent[at]! += (user + system) / 1e6;
    for (const effect of effects) {
      if (effect.kind === 'send') {
        sent[at]! += effect.bytes.length;
        wire.push({ from: at + 1, to: effect.to, bytes: effect.bytes });
      } else if (effect.kind === 'done') {
        results[at] = effect.result;
      } else if (effect.kind === 'round') {
        rounds += at === 0 ? 1 : 0;
      } else {
        throw effect.error;
      }
    }
  };
  for (const at of ceremonies.keys()) step(at, { kind: 'start' });
  for (let next = wire.shift(); next; next = wire.shift()) {
    step(next.to - 1, { kind: 'message', from: next.from, bytes: next.bytes });
  }
  const seconds = [...work.values()].reduce((sum, spent) => sum + Math.max(...spent), 0);
  return { identities, definition: plan.definition, results, seconds, bytes: Math.max(...sent), rounds };
}

/** Median time to recover a signature from t partial ones, decoding and encoding included. */
function recovery(nodes: number, target: number): BenchRow {
  const scheme = thresholdScheme(byzantineThreshold(nodes), nodes);
  const secret = bytes(32);
  secret[0] = 1;
  const { shares, groupPubkey, sharePubkeys } = splitKey(secret, scheme, bytes);
  loadThresholdKey(scheme, groupPubkey, sharePubkeys);
  const root = bytes(32);
  const partials = shares.map((share, i) => ({ index: i + 1, signature: partialSign(share, root) }));
  const times = Array.from({ length: 301 }, (_, i) => {
    // The signers change from one to the next, as in life.
    const signers = partials.map((_, k) => partials[(k + i) % nodes]!).slice(0, scheme.threshold);
    const start = performance.now();
    recoverSignature(scheme, signers);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return { name: `threshold.recoverMs.${nodes}`, value: times[150]!, unit: 'ms', target, better: 'lower' };
}
