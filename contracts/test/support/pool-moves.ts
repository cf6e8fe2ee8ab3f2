import { type Hex, toHex } from '@holdfast/units';
import type { Abi } from 'viem';
import { depositDataRoot, STATUS } from './pool-acts.ts';
import type { ModelBlock } from './pool-beacon.ts';
import { ETH, GWEI } from './pool-deploy.ts';
import { type Contract, DEPOSIT_CONTRACT } from './pool-evm.ts';
import type { Fuzz, FuzzStep } from './pool-fuzz.ts';
import { keeperMoves } from './pool-moves-keeper.ts';

type Move = (fuzz: Fuzz) => FuzzStep | FuzzStep[] | undefined;

const NO_SIGNATURE: Hex = `0x${'00'.repeat(96)}`;
const depositAbi = [
  {
    type: 'function',
    name: 'deposit',
    stateMutability: 'payable',
    inputs: ['bytes', 'bytes', 'bytes', 'bytes32'].map((type, n) => ({ type, name: `p${n}` })),
    outputs: [],
  },
] as unknown as Abi;
export const DEPOSITS: Contract = { name: 'DepositContract', address: DEPOSIT_CONTRACT, abi: depositAbi };

/** A deposit straight to the deposit contract, by whom it may concern. */
function deposit(actor: number, pubkey: Hex, credentials: Hex, gwei: bigint): FuzzStep {
  const args = [pubkey, credentials, NO_SIGNATURE, depositDataRoot(pubkey, credentials, gwei)];
  return { actor, to: DEPOSITS, fn: 'deposit', args, value: gwei * GWEI };
}

/** Amounts as people choose them, and as attackers do: nothing, dust, a lot. */
function amount(fuzz: Fuzz): bigint {
  const { random } = fuzz;
  const kind = random.below(10);
  if (kind === 0) return BigInt(random.below(3));
  if (kind === 1) return BigInt(random.below(2_000_000_000));
  if (kind < 8) return (ETH * BigInt(1 + random.below(40_000))) / 1000n + BigInt(random.below(1000));
  return ETH * BigInt(40 + random.below(200));
}

const stakerMoves: readonly (readonly [number, Move])[] = [
  [
    10,
    (fuzz) => {
      const value = amount(fuzz);
      const assets = fuzz.random.below(20) === 0 ? value + 1n : value;
      return {
        actor: fuzz.staker(),
        to: fuzz.pool.vault,
        fn: 'deposit',
        args: [assets, fuzz.address(fuzz.staker())],
        value,
      };
    },
  ],
  [
    8,
    (fuzz) => {
      const actor = fuzz.staker();
      return {
        actor,
        to: fuzz.pool.queue,
        fn: 'requestWithdrawal',
        args: [amount(fuzz) / 2n, fuzz.address(fuzz.staker())],
      };
    },
  ],
  [
    4,
    (fuzz) => ({
      actor: fuzz.staker(),
      to: fuzz.pool.token,
      fn: 'transfer',
      args: [fuzz.address(fuzz.staker()), amount(fuzz)],
    }),
  ],
  [
    2,
    (fuzz) => ({
      actor: fuzz.staker(),
      to: fuzz.pool.token,
      fn: 'approve',
      args: [fuzz.address(fuzz.staker()), amount(fuzz)],
    }),
  ],
  [
    2,
    (fuzz) => {
      const args = [fuzz.address(fuzz.staker()), fuzz.address(fuzz.staker()), amount(fuzz)];
      return { actor: fuzz.staker(), to: fuzz.pool.token, fn: 'transferFrom', args };
    },
  ],
  [
    3,
    (fuzz) => {
      const request = fuzz.anyRequest();
      if (!request) return undefined;
      const args = [request.owner, fuzz.address(fuzz.staker()), BigInt(request.id)];
      const fn = fuzz.random.below(2) ? 'transferFrom' : 'safeTransferFrom';
      return {
        actor: fuzz.actorOf(request.owner) ?? fuzz.staker(),
        to: fuzz.pool.queue,
        fn: fn === 'transferFrom' ? fn : 'safeTransferFrom(address,address,uint256)',
        args,
      };
    },
  ],
  [
    8,
    (fuzz) => {
      const request = fuzz.anyRequest();
      if (!request) return undefined;
      const mine = fuzz.random.below(5) > 0;
      const actor = (mine ? fuzz.actorOf(request.owner) : undefined) ?? fuzz.staker();
      const batch = fuzz.random.below(20) === 0 ? BigInt(fuzz.random.below(5)) : (fuzz.batchOf(request.id) ?? 0n);
      const args = [BigInt(request.id), batch, fuzz.address(fuzz.random.below(12))];
      return { actor, to: fuzz.pool.queue, fn: 'claim', args, ...(mine ? {} : { stranger: request.id }) };
    },
  ],
  [
    1,
    (fuzz) => ({
      actor: fuzz.staker(),
      to: fuzz.pool.queue,
      fn: 'setApprovalForAll',
      args: [fuzz.address(fuzz.staker()), false],
    }),
  ],
];

const operatorMoves: readonly (readonly [number, Move])[] = [
  [
    1,
    (fuzz) =>
      fuzz.operatorCount() < 8
        ? { actor: fuzz.manager(), to: fuzz.pool.registry, fn: 'register', args: ['operator'] }
        : undefined,
  ],
  [
    2,
    (fuzz) => ({
      actor: fuzz.manager(),
      to: fuzz.pool.bonds,
      fn: 'post',
      args: [fuzz.operator()],
      value: amount(fuzz) / 4n,
    }),
  ],
  [
    2,
    (fuzz) => ({
      actor: fuzz.manager(),
      to: fuzz.pool.bonds,
      fn: 'take',
      args: [fuzz.operator(), amount(fuzz) / 8n, fuzz.address(fuzz.manager())],
    }),
  ],
  [
    2,
    (fuzz) => ({
      actor: fuzz.manager(),
      to: fuzz.pool.registry,
      fn: 'claimFees',
      args: [fuzz.operator(), fuzz.address(fuzz.manager())],
    }),
  ],
  [
    5,
    (fuzz) => {
      if (fuzz.records.length >= fuzz.validatorsMax || fuzz.operatorCount() === 0) return undefined;
      const pubkey =
        fuzz.random.below(20) === 0 && fuzz.keys.size > 0
          ? fuzz.random.pick([...fuzz.keys.values()])
          : toHex(fuzz.random.bytes(48));
      const id = fuzz.operator();
      const args = [id, pubkey, NO_SIGNATURE, depositDataRoot(pubkey, fuzz.world.credentials, GWEI)];
      const step: FuzzStep = { actor: fuzz.managerOf(id), to: fuzz.pool.ledger, fn: 'predeposit', args, value: ETH };
      if (fuzz.random.below(12) !== 0) return step;
      const stolen: Hex = `0x02${'00'.repeat(11)}${fuzz.address(11).slice(2)}`;
      return [deposit(11, pubkey, stolen, GWEI), step];
    },
  ],
  [
    1,
    (fuzz) =>
      fuzz.withLive((ordinal, key, record) => ({
        actor: fuzz.managerOf(record.operatorId),
        to: fuzz.pool.ledger,
        fn: 'requestExit',
        args: [ordinal, key],
      })),
  ],
  [
    2,
    (fuzz) =>
      fuzz.withLive((ordinal, key, record) => {
        const actor = fuzz.random.below(2) ? fuzz.managerOf(record.operatorId) : fuzz.staker();
        return {
          actor,
          to: fuzz.pool.ledger,
          fn: 'requestPartial',
          args: [ordinal, key, BigInt(fuzz.random.below(2e9))],
        };
      }),
  ],
  [
    1,
    (fuzz) =>
      fuzz.withLive((source, sourceKey, record) =>
        fuzz.withLive((target, targetKey) => ({
          actor: fuzz.managerOf(record.operatorId),
          to: fuzz.pool.ledger,
          fn: 'requestConsolidation',
          args: [source, sourceKey, target, targetKey],
        })),
      ),
  ],
];

/** Every door that only a part of the pool may open. */
const PRIVILEGED: readonly (readonly [keyof Fuzz['pool'], string, (fuzz: Fuzz) => readonly unknown[]])[] = [
  ['vault', 'stake', (fuzz) => [toHex(fuzz.random.bytes(48)), 31n * GWEI, fuzz.random.root()]],
  ['vault', 'creditPredeposit', (fuzz) => [fuzz.address(11), ETH]],
  ['vault', 'payClaims', () => [1n]],
  ['vault', 'payFee', (fuzz) => [fuzz.address(11), 1n]],
  ['vault', 'requestWithdrawal', (fuzz) => [toHex(fuzz.random.bytes(48)), 0n]],
  ['vault', 'requestConsolidation', (fuzz) => [toHex(fuzz.random.bytes(48)), toHex(fuzz.random.bytes(48))]],
  ['vault', 'payBounty', (fuzz) => [fuzz.address(11), 100_000n]],
  ['vault', 'freeze', () => []],
  ['vault', 'report', () => [10n ** 24n]],
  ['vault', 'recordLoss', () => [ETH]],
  ['vault', 'compensate', () => []],
  ['token', 'mint', (fuzz) => [fuzz.address(11), ETH]],
  ['token', 'escrow', (fuzz) => [fuzz.address(0), 1n]],
  ['token', 'burnEscrowed', () => [1n]],
  ['token', 'moveReceipt', (fuzz) => [fuzz.address(0), fuzz.address(11)]],
  ['queue', 'freeze', () => []],
  ['queue', 'release', () => []],
  ['ledger', 'markSlashed', () => [1]],
  ['ledger', 'uncount', () => [1, 1n]],
  ['ledger', 'markSettled', () => [1]],
  ['registry', 'addValidator', (fuzz) => [1, fuzz.address(11)]],
  ['registry', 'removeValidator', () => [1, true]],
  ['registry', 'startEarning', () => [1]],
  ['registry', 'accrue', () => [ETH]],
  ['registry', 'freeze', () => [1]],
  ['registry', 'settle', () => [1]],
  ['bonds', 'reserve', () => [1, ETH]],
  ['bonds', 'charge', () => [1, 0n, ETH]],
  ['enforcer', 'deposited', () => [1, 1n, 1n]],
];

const attackerMoves: readonly (readonly [number, Move])[] = [
  [
    6,
    (fuzz) => {
      const [part, fn, args] = fuzz.random.pick(PRIVILEGED);
      return { actor: 11, to: fuzz.pool[part] as Contract, fn, args: args(fuzz), refused: true };
    },
  ],
  [4, (fuzz) => fuzz.replay()],
  [
    1,
    (fuzz) =>
      fuzz.withLive((_, key) => deposit(11, key, fuzz.world.credentials, GWEI + BigInt(fuzz.random.below(2e9)))),
  ],
  [1, (fuzz) => ({ actor: 11, to: fuzz.pool.vault, fn: 'fundReserve', args: [], value: amount(fuzz) / 100n })],
  [1, (fuzz) => ({ actor: 11, to: fuzz.pool.vault, fn: 'fundReserve', args: [], value: 0n })],
  [
    1,
    (fuzz) => {
      const id = fuzz.operator();
      return {
        actor: 11,
        to: fuzz.pool.registry,
        fn: 'setManager',
        args: [id, fuzz.address(11)],
        refused: fuzz.managerOf(id) !== 11,
      };
    },
  ],
];

const MOVES = [...stakerMoves, ...operatorMoves, ...attackerMoves];
const TOTAL = MOVES.reduce((sum, [weight]) => sum + weight, 0);

/** A random call: by a staker, an operator or an attacker, or what a keeper would do now. */
export function randomMove(fuzz: Fuzz, parent: ModelBlock): FuzzStep[] {
  if (fuzz.random.below(100) < 35) {
    const moves = keeperMoves(fuzz, parent);
    const move = moves.length > 0 ? fuzz.random.pick(moves) : undefined;
    return move ? [move] : [];
  }
  let ticket = fuzz.random.below(TOTAL);
  for (const [weight, move] of MOVES) {
    ticket -= weight;
    if (ticket >= 0) continue;
    const step = move(fuzz);
    return step === undefined ? [] : Array.isArray(step) ? step : [step];
  }
  return [];
}

export const isLive = (status: number): boolean =>
  status === STATUS.Funded || status === STATUS.Exiting || status === STATUS.Slashed;
