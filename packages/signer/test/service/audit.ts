import { toHex } from '@holdfast/units';
import type { SignerService } from '../../src/service.ts';
import { type Json, type Sample, samplesAt } from '../requests-kit.ts';
import { randomFrom } from '../requests-values.ts';
import { type Bench, bench, PUBKEY } from './ports.ts';

// What the service promises, as a list of promises broken: empty for the service as it is, never for one whose safeguards
// were taken out.

type Service = new (...parts: ConstructorParameters<typeof SignerService>) => Pick<SignerService, 'sign'>;

const SAMPLES = samplesAt(1000, randomFrom(42));
const sampleOf = (name: string): Sample => SAMPLES.find((sample) => sample.name === name)!;
const ATTESTATION = sampleOf('ATTESTATION');
const BLOCK = sampleOf('BLOCK_V2 fulu');
const EXIT = sampleOf('VOLUNTARY_EXIT');
const OTHER_ROOT = `0x${'99'.repeat(32)}`;

/** `code` of the error, or the signature. */
async function answer(Service: Service, at: Bench, body: Json): Promise<string> {
  try {
    return await new Service(at.parts).sign(PUBKEY, body, at.client);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

export async function audit(Service: Service): Promise<string[]> {
  const broken: string[] = [];
  const hold = (promise: string, kept: boolean) => {
    if (!kept) broken.push(promise);
  };
  /** Neither signed nor claimed nor answered with a signature. */
  const nothing = async (promise: string, setUp: (at: Bench) => void, code: string, body = ATTESTATION.body) => {
    const at = bench();
    setUp(at);
    const told = await answer(Service, at, body);
    hold(`${promise}: answered ${code}`, told === code);
    hold(`${promise}: nothing signed`, at.signed.length === 0);
    hold(`${promise}: nothing claimed`, at.claims.length === 0);
  };
  /** Claimed, but not answered with a signature. */
  const unsigned = async (promise: string, setUp: (at: Bench) => void, code: string) => {
    const at = bench();
    setUp(at);
    hold(`${promise}: answered ${code}`, (await answer(Service, at, ATTESTATION.body)) === code);
    hold(`${promise}: nothing signed`, at.signed.length === 0);
  };

  await orders(Service, hold);
  const refusal = Object.assign(new Error('no'), { code: 'TEST_REFUSAL' });
  await nothing('policy', (at) => (at.policyError = refusal), 'SIGNER_INTERNAL');
  await nothing('gate before the claim', (at) => (at.gateError = refusal), 'SIGNER_INTERNAL');
  await nothing('gate before an unslashable signature', (at) => (at.gateError = refusal), 'SIGNER_INTERNAL', EXIT.body);
  await nothing('key of another client', (at) => (at.mayUse = false), 'SIGNER_UNKNOWN_KEY');
  await nothing('key not held', (at) => (at.held = false), 'SIGNER_UNKNOWN_KEY');
  await nothing('type of another client', (at) => (at.mayAsk = false), 'SIGNER_REFUSED');
  for (const { body } of [ATTESTATION, BLOCK, EXIT]) {
    const lying = { ...body, signing_root: OTHER_ROOT };
    await nothing('signing root of something else', () => {}, 'SIGNER_ROOT_MISMATCH', lying);
    const info = { ...(body.fork_info as Json), genesis_validators_root: OTHER_ROOT };
    await nothing('another chain', () => {}, 'SIGNER_REFUSED', { ...body, fork_info: info });
  }
  const refused = { allowed: false, rule: 'double-vote', message: 'no' } as const;
  await unsigned('claim refused', (at) => (at.verdict = refused), 'SIGNER_REFUSED');
  await unsigned(
    'claim failed',
    (at) => (at.disk = () => Promise.reject(new Error('no space left'))),
    'SIGNER_INTERNAL',
  );
  await unsigned('gate after the claim', (at) => (at.onClaim = () => (at.gateError = refusal)), 'SIGNER_INTERNAL');
  const late = bench();
  late.onSign = () => {
    late.gateError = refusal;
  };
  hold('gate before release', (await answer(Service, late, ATTESTATION.body)) === 'SIGNER_INTERNAL');
  const short = bench();
  short.signature = new Uint8Array(95);
  hold('no odd signature is let out', (await answer(Service, short, ATTESTATION.body)) === 'SIGNER_INTERNAL');
  await waitsForDisk(Service, hold);
  return broken;
}

type Hold = (promise: string, kept: boolean) => void;

/** Each sample is signed over its own root, in the right order, claimed where it can be slashed for. */
async function orders(Service: Service, hold: Hold): Promise<void> {
  for (const { name, type, body, signingRoot } of SAMPLES) {
    for (const sent of [body, { ...body, signing_root: toHex(signingRoot) }]) {
      const at = bench();
      const told = await answer(Service, at, sent);
      const slashable = /^(BLOCK|BLOCK_V2|ATTESTATION)$/.test(type);
      const steps = slashable
        ? ['policy', 'gate', 'claim', 'on disk', 'gate', 'sign', 'gate']
        : ['policy', 'gate', 'sign', 'gate'];
      hold(`${name}: answered with the signature`, told === toHex(at.signature));
      hold(`${name}: check, persist, sign`, at.steps.join() === steps.join());
      hold(`${name}: signed over its root`, at.signed.length === 1 && toHex(at.signed[0]!) === toHex(signingRoot));
      if (slashable) hold(`${name}: claimed as it is`, sameDuty(at, body, toHex(signingRoot)));
    }
  }
}

function sameDuty({ claims: [duty] }: Bench, body: Json, signingRoot: string): boolean {
  if (duty?.pubkey !== PUBKEY || duty.signingRoot !== signingRoot) return false;
  if (duty.kind === 'attestation') {
    const { source, target } = body.attestation as { source: Json; target: Json };
    return duty.sourceEpoch === BigInt(source.epoch as string) && duty.targetEpoch === BigInt(target.epoch as string);
  }
  const { block, block_header: header } = (body.beacon_block ?? body) as { block?: Json; block_header?: Json };
  return duty.slot === BigInt((header ?? block)!.slot as string);
}

async function waitsForDisk(Service: Service, hold: Hold): Promise<void> {
  const at = bench();
  let sync = () => {};
  const written = new Promise<void>((resolve) => {
    sync = resolve;
  });
  at.disk = () => written;
  const told = answer(Service, at, ATTESTATION.body);
  await new Promise((resolve) => setImmediate(resolve));
  hold('nothing is signed before the claim is on disk', at.signed.length === 0);
  sync();
  hold('it is signed then', (await told) === toHex(at.signature));
}
