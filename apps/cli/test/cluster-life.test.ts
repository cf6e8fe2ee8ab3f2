// The life of a cluster, from keys that nobody ever held to the audit of all that was signed with them: a pool on a real
// state transition, operators by the commands that the guide names, and every node a process of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { compoundingCredentials, readPool } from '@holdfast/pool';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defined } from './support/cluster.ts';
import { auditEpochs, auditPublished, auditShares } from './support/life/audit.ts';
import { EpochLog } from './support/life/EpochLog.ts';
import { DEEP, Life, TRAITOR } from './support/life/Life.ts';
import { meshed, type NodeRun, until } from './support/life/NodeRun.ts';
import { offerKeys } from './support/life/offer.ts';
import { epochOf, SLOTS_PER_EPOCH } from './support/life/PoolChain.ts';
import { redeal } from './support/life/redeal.ts';
import { seeded } from './support/random.ts';
import { slashablePairs } from './support/slashable.ts';
import { Wires } from './support/wires.ts';

const VALIDATORS = 3;
const NODES = [1, 2, 3, 4];
const KILLS = DEEP ? 20 : 3;

let life: Life;
beforeAll(async () => {
  life = await Life.begin(seeded('cluster-life'));
});
afterAll(() => life?.close());

let failed = false;
/** A chapter; when one fails, the rest makes no sense. */
function chapter(name: string, tell: () => Promise<void>): void {
  test(name, { timeout: DEEP ? 600_000 : 150_000 }, async (context) => {
    if (failed) context.skip('an earlier chapter failed');
    failed = true;
    try {
      await tell();
      failed = false;
    } finally {
      if (failed) console.log([...life.nodes, ...life.heirs].map((node) => node.told).join(''));
    }
  });
}

chapter('four processes make keys for the pool that none of them holds', async () => {
  const { chain } = life;
  const network = ['--pool', chain.pool, '--beacon-url', chain.beaconUrl, '--validators', `${VALIDATORS}`];
  const file = await defined(life.cwd, 'life', 4, network);
  for (const { code, err } of await life.ceremony(NODES.map((node) => [file, '--data-dir', life.directory(node)]))) {
    expect({ code, err }).toMatchObject({ code: 0 });
  }
  life.lock = life.read(join(life.directory(1), 'lock.json'));
  life.pubkeys = life.lock.validators.map(({ pubkey }) => pubkey);
  const { addresses, facts } = chain.manifest;
  expect(life.lock.definition).toMatchObject({
    withdrawalCredentials: compoundingCredentials(addresses.vault),
    feeRecipient: addresses.vault.toLowerCase(),
    network: { name: 'holdfast-devnet', genesisValidatorsRoot: facts.genesisValidatorsRoot },
  });
  const deposits = NODES.map((node) => readFileSync(join(life.directory(node), 'deposit_data-1-eth.json'), 'utf8'));
  expect(new Set(deposits).size).toBe(1);
});

chapter('the pool takes their deposits as the file has them, and no others', () => offerKeys(life));

chapter('proven and topped up by the keeper, they become active, and four processes take their duties', async () => {
  const { chain, pubkeys } = life;
  const { devnet, stage, manifest } = chain;
  await chain.stake(VALIDATORS);
  await devnet.handOver(pubkeys);
  const activation = await chain.keepUntilEveOf(pubkeys);
  const { validators } = await readPool({ manifest, publicClient: stage.publicClient });
  expect(validators.map(({ status }) => status)).toEqual(['predeposited', 'funded', 'funded', 'funded']);
  expect(devnet.indexOf(validators[0]!.pubkey)).toBeNull();

  const ports = life.lock.definition.operators.map(({ multiaddrs }) => Number(multiaddrs[0]!.split('/').at(-1)));
  const wires = await Wires.among(ports);
  life.wires = wires;
  life.nodes = NODES.map((node) => life.run(node, life.directory(node), wires.peersOf(node)));
  await Promise.all(life.nodes.map((node) => node.start()));
  await meshed(life.nodes);
  await chain.goLive();
  life.indices = pubkeys.map((pubkey) => devnet.indexOf(pubkey)!);
  life.epochs = new EpochLog(devnet, chain.beaconUrl, life.indices);
  life.firstEpoch = Math.max(activation, epochOf(chain.slotNow) + 1);
  await life.voting(life.firstEpoch * SLOTS_PER_EPOCH - 1);
});

chapter('a node killed at any moment comes back by itself', async () => {
  const { nodes, random } = life;
  for (let i = 0; i < KILLS; i += 1) {
    const node = random.pick(nodes);
    await sleep(random.between(100, 2000));
    await node.kill();
    life.memories.push({ directory: node.directory, history: await node.history() });
    await sleep(random.between(0, 2000));
    await node.start();
    await meshed(nodes);
  }
});

chapter('one parted from three is missed by nobody; two from two do nothing, and say so', async () => {
  const { nodes, chain, random, wires } = life;
  const lonely = random.pick(nodes);
  const other = nodes.find((node) => node !== lonely)!;
  wires!.part([lonely.node], 'silent');
  const from = chain.slotNow;
  for (const [node, reached] of [
    [lonely, 1],
    [other, 3],
  ] as const) {
    const knows = async () => (await node.status()).nodes.filter(({ up }) => up).length === reached;
    await until(knows, `node ${node.node} knows that it reaches ${reached}`);
  }
  expect(await lonely.health()).toMatchObject({ status: 503 });
  await chain.untilSlot(from + SLOTS_PER_EPOCH);
  wires!.heal();
  await meshed(nodes);

  wires!.part([nodes[0]!.node, random.pick(nodes.slice(1)).node], 'cut');
  const pause = { from: chain.slotNow, to: Infinity };
  life.pauses.push(pause);
  const halved = { status: 503, text: '2 of 4 nodes can be reached; 3 must agree' };
  const says = async (node: NodeRun): Promise<boolean> => isDeepStrictEqual(await node.health(), halved);
  for (const node of nodes) await until(() => says(node), `node ${node.node} says that it is one of two`);
  const stood = chain.slotNow + 1;
  await chain.untilSlot(stood + 4);
  wires!.heal();
  expect(chain.witness.votes.filter(({ slot }) => slot >= stood)).toEqual([]);
  await meshed(nodes);
  pause.to = chain.slotNow + 1;
});

chapter('a traitor is named by all others, and costs no duty', async () => {
  expect(await life.nodes[TRAITOR - 1]!.stop()).toMatchObject({ code: 0 });
  await life.betray(life.directory(TRAITOR));
  for (const node of life.nodes.slice(0, 3)) {
    const names = async (): Promise<boolean> => (await node.status()).nodes[TRAITOR - 1]!.faults > 0;
    await until(names, `node ${node.node} names the traitor`);
    const told = [...(await node.metrics()).matchAll(/peer_faults_total\{node="(\d)",kind="(\w+)"\} [1-9]/g)];
    const faults = told.map(([, position, kind]) => `${Number(position) + 1} ${kind}`);
    expect(faults).toContain(`${TRAITOR} badPartial`);
    // Two honest views of the head may differ for a moment.
    expect(faults.filter((fault) => !fault.startsWith(`${TRAITOR}`) && !fault.endsWith('invalidValue'))).toEqual([]);
  }
  await life.voting(life.chain.slotNow);
});

chapter('re-dealt without the traitor, the same validators go on, and the old shares are nothing', () => redeal(life));

chapter('every epoch had its votes, and nothing published or recorded is slashable', async () => {
  auditEpochs(life);
  await Promise.all([...life.heirs.map((node) => node.stop()), life.traitor!.stop()]);
  await auditPublished(life);
  await auditShares(life);
});

test('the audit sees what it is there for', () => {
  const vote = (source: number, target: number, root = 'a') => ({ signer: '7', source, target, root });
  const block = (slot: number, root: string) => ({ signer: '7', slot, root });
  const honest = [vote(1, 2), vote(2, 3), vote(2, 3)];
  expect(slashablePairs(honest, [block(1, 'a'), block(2, 'b'), block(1, 'a')])).toEqual([]);
  expect(slashablePairs([vote(1, 2), vote(1, 2, 'b')], [])).toHaveLength(1);
  expect(slashablePairs([vote(1, 4), vote(2, 3)], [])).toHaveLength(1);
  expect(slashablePairs([{ ...vote(1, 4), signer: '8' }, vote(2, 3)], [])).toEqual([]);
  expect(slashablePairs([], [block(1, 'a'), block(1, 'b')])).toHaveLength(1);
});
