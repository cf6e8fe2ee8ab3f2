import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HoldfastError, type Pubkey, type Root, toHex } from '@holdfast/units';
import { describe, expect, it } from 'vitest';
import { SaturatedError, SignerConfigError, SignerError, StoppedError } from '../src/errors.ts';
import { SignerService } from '../src/service.ts';
import { NETWORK, samplesAt } from './requests-kit.ts';
import { randomFrom } from './requests-values.ts';
import { audit } from './service/audit.ts';
import { MUTANTS } from './service/mutants.ts';
import { type Bench, bench, PUBKEY } from './service/ports.ts';

const SAMPLES = samplesAt(1000, randomFrom(1));
const ATTESTATION = SAMPLES.find(({ type }) => type === 'ATTESTATION')!;

async function errorOf(at: Bench, body: unknown = ATTESTATION.body): Promise<SignerError> {
  const error = await new SignerService(at.parts).sign(PUBKEY, body, at.client).catch((thrown: unknown) => thrown);
  if (!(error instanceof SignerError)) throw new Error(`not refused: ${error}`);
  return error;
}

describe('the signer', () => {
  it('keeps its promises', async () => {
    expect(await audit(SignerService)).toEqual([]);
  });

  it('breaks one of them without any of its safeguards', () => {
    const script = fileURLToPath(new URL('service/mutants-main.ts', import.meta.url));
    const found = JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' }));
    expect(Object.keys(found)).toEqual(Object.keys(MUTANTS));
    for (const [name, broken] of Object.entries(found)) {
      if (MUTANTS[name]!.length === 0) expect(broken).toEqual([]);
      else expect(broken, `the mutant that ${name} is not noticed`).not.toEqual([]);
    }
  });

  it('does not start on the store of another chain', () => {
    const { parts } = bench();
    const network = { ...NETWORK, genesisValidatorsRoot: `0x${'00'.repeat(32)}` as Root };
    expect(() => new SignerService({ ...parts, network })).toThrow(SignerConfigError);
  });

  it('names the rule of slashing protection', async () => {
    const at = bench();
    at.verdict = { allowed: false, rule: 'surrounding-vote', message: 'it surrounds 3 → 4' };
    const error = await errorOf(at);
    expect(error).toMatchObject({ kind: 'refused', rule: 'surrounding-vote', code: 'SIGNER_REFUSED' });
    expect(error.message).toContain('it surrounds 3 → 4');
  });

  it('signs again what was signed before', async () => {
    const at = bench();
    at.verdict = { allowed: true, repeated: true };
    expect(await new SignerService(at.parts).sign(PUBKEY, ATTESTATION.body, at.client)).toBe(toHex(at.signature));
  });
});

describe('what fails below the signer', () => {
  class Below extends HoldfastError {}
  const failing = (code: string) => new Below(code, 'words for the log');

  it.each([
    ['PROTECTION_BUSY', 'saturated'],
    ['PROTECTION_UNAVAILABLE', 'stopped'],
    ['PROTECTION_CLOSED', 'stopped'],
    ['PROTECTION_FULL', 'internal'],
  ])('as %s in the store is answered as %s', async (code, kind) => {
    const at = bench();
    at.disk = () => Promise.reject(failing(code));
    const error = await errorOf(at);
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain('words for the log');
    expect(error.cause).toBeInstanceOf(Below);
    expect(at.signed).toEqual([]);
  });

  it.each([
    ['KEYS_SATURATED', 'saturated'],
    ['KEYS_UNKNOWN_KEY', 'unknownKey'],
    ['KEYS_CLOSED', 'stopped'],
    ['KEYS_THREAD', 'internal'],
  ])('as %s in the keys is answered as %s', async (code, kind) => {
    const at = bench();
    at.onSign = () => {
      throw failing(code);
    };
    expect((await errorOf(at)).kind).toBe(kind);
  });

  it('is an unknown key if the key is gone by then', async () => {
    const at = bench();
    at.onSign = () => {
      at.held = false;
      throw new Error('gone');
    };
    expect((await errorOf(at)).kind).toBe('unknownKey');
  });

  it('keeps the words of foreign errors to the log', async () => {
    const at = bench();
    at.onSign = () => {
      throw new Error('a secret');
    };
    const error = await errorOf(at);
    expect(error).toMatchObject({ kind: 'internal', code: 'SIGNER_INTERNAL' });
    expect(error.message).not.toContain('a secret');
    expect((error.cause as Error).message).toBe('a secret');
  });

  it('tells when to come back', async () => {
    const at = bench();
    at.gateError = new StoppedError('doppelganger watch', { retryAfterSeconds: 384 });
    expect(await errorOf(at)).toMatchObject({ kind: 'stopped', retryAfterSeconds: 384 });
    at.gateError = new StoppedError('kill switch');
    expect(await errorOf(at)).toMatchObject({ retryAfterSeconds: null });
    expect(new SaturatedError(2)).toMatchObject({ kind: 'saturated', retryAfterSeconds: 2 });
  });
});

describe('metrics', () => {
  it('see each request once, with how long its stages took', async () => {
    const at = bench();
    const service = new SignerService(at.parts);
    await service.sign(PUBKEY, ATTESTATION.body, at.client);
    await service.sign(PUBKEY, { type: 'X' }, at.client).catch(() => {});
    at.verdict = { allowed: false, rule: 'double-vote', message: 'no' };
    await service.sign(PUBKEY, ATTESTATION.body, at.client).catch(() => {});
    expect(at.events).toMatchObject([
      { type: 'ATTESTATION', client: 'vc', outcome: 'signed', rule: null, checkMs: 1, protectMs: 1, signMs: 1 },
      { type: null, outcome: 'badRequest', rule: null, checkMs: 1, protectMs: 0, signMs: 0, totalMs: 1 },
      { type: 'ATTESTATION', outcome: 'refused', rule: 'double-vote', signMs: 0 },
    ]);
  });

  it('are optional', async () => {
    const { parts, client, signature } = bench();
    const { hooks: _hooks, now: _now, ...needed } = parts;
    const pubkey = `0x${'22'.repeat(48)}` as Pubkey;
    expect(await new SignerService(needed).sign(pubkey, ATTESTATION.body, client)).toBe(toHex(signature));
  });
});
