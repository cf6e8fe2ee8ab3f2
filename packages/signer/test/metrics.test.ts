import { describe, expect, it } from 'vitest';
import { RefusedError, UnknownKeyError } from '../src/errors.ts';
import { SignerMetrics } from '../src/metrics.ts';
import { ask, logged, PUBKEY, SIGNATURE, serve, sign, signing } from './http/kit.ts';

describe('GET /metrics', () => {
  it('is on a listener of its own and counts by type, outcome, stage and rule', async () => {
    const answers = [
      () => SIGNATURE,
      () => {
        throw new RefusedError('double-vote', 'no');
      },
      () => {
        throw new UnknownKeyError(PUBKEY);
      },
    ];
    const metrics = new SignerMetrics({ version: '1.2.3', keysLoaded: () => 7 });
    const server = await serve({
      metrics,
      service: signing(async () => answers.shift()!()),
      metricsListener: { port: 0 },
    });
    for (let n = 0; n < 3; n += 1) await sign(server.url);
    await sign(server.url, { body: '{"type":"__proto__' });
    await sign(server.url, { headers: { host: 'evil.example' } });
    metrics.commit(3);
    metrics.hooks.onSign({
      type: 'ATTESTATION',
      client: 'x',
      outcome: 'signed',
      rule: null,
      checkMs: 0.1,
      protectMs: 2,
      signMs: 1,
      totalMs: 3,
    });
    expect((await ask(server.url, '/metrics')).status).toBe(404);
    const { status, text, headers } = await ask(server.metricsUrl!, '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    for (const line of [
      'holdfast_signer_requests_total{type="ATTESTATION",outcome="signed"} 1',
      'holdfast_signer_requests_total{type="ATTESTATION",outcome="refused"} 1',
      'holdfast_signer_requests_total{type="ATTESTATION",outcome="unknown_key"} 1',
      'holdfast_signer_requests_total{type="UNKNOWN",outcome="bad_request"} 1',
      'holdfast_signer_requests_total{type="UNKNOWN",outcome="unauthorized"} 1',
      'holdfast_signer_request_duration_seconds_count{stage="total"} 4',
      'holdfast_signer_request_duration_seconds_bucket{le="0.002",stage="protect"} 1',
      'holdfast_signer_refused_total{rule="double-vote"} 1',
      'holdfast_signer_protection_commit_duties_sum 3',
      'holdfast_signer_keys_loaded 7',
      'holdfast_signer_requests_in_flight 0',
      'holdfast_signer_build_info{version="1.2.3"} 1',
    ]) {
      expect(text.split('\n'), text).toContain(line);
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
    expect(text).not.toContain(PUBKEY.slice(2));
  });

  it('keeps to the conventions: help and type for each, base units, counters that end in _total', async () => {
    const metrics = new SignerMetrics({ version: '1', keysLoaded: () => 0 });
    for (const { name, help, type } of await metrics.registry.getMetricsAsJSON()) {
      expect(name).toMatch(/^(holdfast_signer|process)_[a-z_]+$/);
      expect(help.length).toBeGreaterThan(0);
      if (String(type) === 'counter') expect(name).toMatch(/_total$/);
      expect(name).not.toMatch(/_(ms|millis|milliseconds|mib|kb)$/);
    }
  });

  it('takes no label from what a client makes up', async () => {
    const server = await serve({ metricsListener: { port: 0 } });
    for (let n = 0; n < 20; n += 1) await sign(server.url, { body: JSON.stringify({ type: `MADE_UP_${n}` }) });
    expect((await ask(server.metricsUrl!, '/metrics')).text).not.toContain('MADE_UP');
  });

  it('serves health besides, nothing else, and no web page', async () => {
    const { metricsUrl } = await serve({ metricsListener: { port: 0 } });
    expect((await ask(metricsUrl!, '/upcheck')).text).toBe('OK');
    expect((await ask(metricsUrl!, '/healthcheck')).json().status).toBe('UP');
    expect((await ask(metricsUrl!, '/reload')).status).toBe(404);
    expect((await ask(metricsUrl!, '/metrics', { method: 'POST' })).status).toBe(405);
    expect((await ask(metricsUrl!, '/metrics', { headers: { host: 'evil.example' } })).status).toBe(403);
  });
});

describe('the log', () => {
  it('drops secrets by name at every depth, and shows of errors only what may be seen', () => {
    const { log, text } = logged();
    const secret = 'hunter2';
    log.info({ password: secret, token: secret, nested: { passwords: [secret], deeper: { secret } } }, 'x');
    log.info({ keystores: [{ crypto: secret }], body: secret, authorization: secret, pin: secret }, 'x');
    log.error({ err: Object.assign(new Error('visible'), { config: { token: secret }, body: secret }) }, 'x');
    log.error({ err: new RefusedError('rule', 'why', { data: { shown: 1 }, cause: new Error('below') }) }, 'x');
    expect(text()).not.toContain(secret);
    for (const part of ['visible', 'SIGNER_REFUSED', 'below']) expect(text()).toContain(part);
  });
});
