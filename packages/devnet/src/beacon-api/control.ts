import { type Hex, HoldfastError } from '@holdfast/units';
import { ApiError } from '@lodestar/api/server';
import type { FastifyInstance } from 'fastify';
import type { Fault, ValidatorRefs } from '../consensus/faults.ts';
import { noteOn } from '../consensus/second-signer.ts';
import type { Devnet } from '../devnet.ts';
import type { Tamper } from './tamper.ts';

const VALIDATORS = {
  type: 'array',
  minItems: 1,
  items: {
    anyOf: [
      { type: 'string', pattern: '^0x[0-9a-fA-F]{96}$' },
      { type: 'integer', minimum: 0 },
    ],
  },
} as const;
const ADDRESS = { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' } as const;

const FAULT = {
  type: 'object',
  required: ['kind', 'validators'],
  additionalProperties: false,
  properties: {
    kind: { enum: ['offline', 'online', 'doubleVote', 'surroundVote', 'doubleProposal', 'wrongFeeRecipient'] },
    validators: VALIDATORS,
    forSlots: { type: 'integer', minimum: 1 },
    atOnce: { type: 'boolean' },
    feeRecipient: ADDRESS,
  },
} as const;

const TAMPER = {
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: { enum: ['lyingBalances', 'wrongStateRoot', 'error500', 'stall', 'vaultShort', 'none'] },
    gwei: { type: 'integer' },
    validators: { type: 'array', items: { type: 'integer' } },
    path: { type: 'string' },
    address: ADDRESS,
    wei: { type: 'string', pattern: '^[0-9]{1,30}$' },
  },
  required: ['kind'],
} as const;

const STEP = {
  type: 'object',
  nullable: true,
  properties: { slots: { type: 'integer', minimum: 1, maximum: 10_000 } },
} as const;

const KEYS = {
  type: 'object',
  required: ['secretKeys'],
  properties: { secretKeys: { type: 'array', items: { type: 'string', pattern: '^0x[0-9a-fA-F]{64}$' } } },
} as const;

const DUTIES = {
  type: 'object',
  required: ['validators', 'to'],
  additionalProperties: false,
  properties: { validators: VALIDATORS, to: { enum: ['external', 'devnet'] } },
} as const;

/** `/holdfast/v1/…`: what only a devnet can do. Kept apart from the standard API, which must not know it is one. */
export function mountControl(server: FastifyInstance, devnet: Devnet): void {
  const base = '/holdfast/v1';
  server.get(`${base}/status`, async () => ({ data: devnet.status() }));
  server.post<{ Body: { slots?: number } | null }>(`${base}/step`, { schema: { body: STEP } }, async ({ body }) => ({
    data: await devnet.step(body?.slots ?? 1),
  }));
  server.post(`${base}/phase`, async () => ({ data: { phase: await devnet.stepPhase() } }));
  server.post<{ Body: { validators: ValidatorRefs; to: 'external' | 'devnet' } }>(
    `${base}/duties`,
    { schema: { body: DUTIES } },
    async ({ body: { validators, to } }) => ({
      data: await refusals(() => (to === 'external' ? devnet.handOver(validators) : devnet.takeBack(validators))),
    }),
  );
  server.post(`${base}/start`, async () => {
    devnet.start();
    return { data: devnet.status() };
  });
  server.post(`${base}/stop`, async () => {
    await devnet.stop();
    return { data: devnet.status() };
  });
  server.post<{ Body: Fault }>(`${base}/faults`, { schema: { body: FAULT } }, async ({ body }) => {
    const data = await refusals(() => devnet.inject(body));
    const note = noteOn(devnet.roster, body, data);
    return { data, ...(note === null ? {} : { note }) };
  });
  server.post<{ Body: { secretKeys: `0x${string}`[] } }>(
    `${base}/keys`,
    { schema: { body: KEYS } },
    async ({ body }) => ({
      data: await refusals(async () => devnet.addKeys(body.secretKeys)),
    }),
  );
  server.post<{ Body: TamperOrder }>(`${base}/tamper`, { schema: { body: TAMPER } }, async ({ body }) => {
    await tamper(devnet, body);
    return { data: devnet.tampered };
  });
}

/** `vaultShort` is done once and not undone: `wei` (default 1) vanish from `address`. */
type TamperOrder =
  | Tamper
  | { readonly kind: 'none' }
  | { readonly kind: 'vaultShort'; readonly address?: Hex; readonly wei?: string };

async function tamper(devnet: Devnet, order: TamperOrder): Promise<void> {
  if (order.kind === 'vaultShort') {
    const { address, wei = '1' } = order;
    if (address === undefined) throw new ApiError(400, 'vaultShort needs address: whose ether vanishes');
    return refusals(() => devnet.takeBalance(address, BigInt(wei)));
  }
  if (order.kind === 'lyingBalances' && order.gwei === undefined) {
    throw new ApiError(400, 'lyingBalances needs gwei: how much to add to each balance');
  }
  devnet.tamper(order.kind === 'none' ? null : order);
}

async function refusals<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof HoldfastError) throw new ApiError(400, error.message);
    throw error;
  }
}
