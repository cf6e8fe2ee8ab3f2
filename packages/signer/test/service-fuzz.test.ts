import { toHex } from '@holdfast/units';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignerError } from '../src/errors.ts';
import { SignerService } from '../src/service.ts';
import { type Json, samples } from './requests-kit.ts';
import { randomFrom } from './requests-values.ts';
import { independentRootOf } from './service/independent.ts';
import { bench, PUBKEY } from './service/ports.ts';

const RUNS = process.env.HOLDFAST_DEEP === '1' ? 60_000 : 3_000;
const SEED = Number(process.env.HOLDFAST_SEED ?? 20_261_121);
const SAMPLES = samples(randomFrom(3)).map(({ body }) => body);

/** Signed over the root that Lodestar computes of the same object, or a typed error and nothing signed. */
async function holds(body: unknown): Promise<'signed' | 'error'> {
  const at = bench();
  try {
    const signature = await new SignerService(at.parts).sign(PUBKEY, body, at.client);
    expect(signature).toBe(toHex(at.signature));
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    expect(error.kind, error.message).toMatch(/^(badRequest|refused)$/);
    expect(error.message.length).toBeLessThan(900);
    expect(at.signed).toEqual([]);
    expect(at.claims).toEqual([]);
    return 'error';
  }
  expect(at.signed.map((root) => toHex(root))).toEqual([toHex(independentRootOf(body as Json))]);
  return 'signed';
}

/** Every place in a JSON value. */
function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  const inner = Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, key]));
  return path.length === 0 ? inner : [[...path], ...inner];
}

const PLACES = SAMPLES.map((body) => placesIn(body));

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    '0x',
    '0',
    '-1',
    '1e3',
    '0x00',
    null,
    true,
    [],
    {},
    0,
    -1,
    1.5,
    2 ** 53,
    1e300,
    ' 1',
    '١',
  ),
  fc.constantFrom<unknown>('18446744073709551615', '18446744073709551616', '9007199254740993', `0x${'00'.repeat(32)}`),
  fc.constantFrom<unknown>(
    'ATTESTATION',
    'BLOCK',
    'BLOCK_V2',
    'DEPOSIT',
    'PHASE0',
    'electra',
    'GLOAS',
    'HEZE',
    '__proto__',
  ),
  fc.bigInt(0n, 2n ** 64n).map(String),
  fc.uint8Array({ maxLength: 100 }).map(toHex),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex),
  fc.jsonValue(),
);

type Mutation = (body: Json, place: readonly string[]) => void;
const holder = (body: Json, place: readonly string[]): Json =>
  place.slice(0, -1).reduce((at: Json, key) => at[key] as Json, body);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  odd.map<Mutation>((value) => (body, place) => {
    holder(body, place)[place.at(-1)!] = value;
  }),
  fc.constant<Mutation>((body, place) => {
    delete holder(body, place)[place.at(-1)!];
  }),
  fc.tuple(fc.string({ maxLength: 12 }), odd).map<Mutation>(([key, value]) => (body, place) => {
    Object.defineProperty(holder(body, place), key, { value, enumerable: true, configurable: true, writable: true });
  }),
  fc.nat().map<Mutation>((other) => (body, place) => {
    const from = PLACES[other % SAMPLES.length]!;
    const path = from[other % from.length]!;
    holder(body, place)[place.at(-1)!] = holder(structuredClone(SAMPLES[other % SAMPLES.length]!), path)[path.at(-1)!];
  }),
);

describe('whatever is asked', () => {
  it(`a mutated request is signed over its own root or refused (seed ${SEED})`, async () => {
    const outcomes = { signed: 0, error: 0 };
    const request = fc
      .nat(SAMPLES.length - 1)
      .chain((which) =>
        fc.tuple(
          fc.constant(which),
          fc.array(fc.tuple(fc.nat(PLACES[which]!.length - 1), mutation), { minLength: 1, maxLength: 2 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(request, async ([which, changes]) => {
        const body = structuredClone(SAMPLES[which]!);
        for (const [place, change] of changes) {
          try {
            change(body, PLACES[which]![place]!);
          } catch {
            // The place went away with the change before.
          }
        }
        outcomes[await holds(body)] += 1;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    // Else the mutations would be too mild, or too wild, to say anything.
    expect(outcomes.signed).toBeGreaterThan(RUNS / 20);
    expect(outcomes.error).toBeGreaterThan(RUNS / 4);
  });

  it(`random JSON is a bad request (seed ${SEED})`, async () => {
    const body = fc.oneof(
      fc.jsonValue({ maxDepth: 5 }),
      fc.anything(),
      fc.record({ type: odd, fork_info: odd, block: odd }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        expect(await holds(value)).toBe('error');
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
