import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifySignature } from '@holdfast/keys';
import { fromHex } from '@holdfast/units';
import { describe, expect, it } from 'vitest';
import { SettingsFile } from '../../src/http/keymanager/settings.ts';
import { poolPolicy } from '../../src/policy/pool.ts';
import { parseSignRequest } from '../../src/requests/parse.ts';
import { signingRootOf } from '../../src/roots/signing-root.ts';
import { FORK_INFO, GENESIS, openRoom, pubkeyOf } from './kit.ts';

const ADDRESS = '0xAbcF8e0d4e9587369b2301D0790347320302cc09';
const of = (name: string, number = 1) => `/eth/v1/validator/${pubkeyOf(number)}/${name}`;

describe('fee recipient, gas limit and graffiti', () => {
  it.each([
    ['feerecipient', 'ethaddress', ADDRESS, ADDRESS.toLowerCase()],
    ['gas_limit', 'gas_limit', '36000000', '36000000'],
    ['graffiti', 'graffiti', 'héllo', 'héllo'],
  ])('%s is set, told, kept over a restart and removed', async (name, field, value, kept) => {
    const room = await openRoom({ lax: true });
    await room.importKeys([1]);
    expect((await room.manage(of(name))).status).toBe(404);
    const posted = await room.manage(of(name), { body: JSON.stringify({ [field]: value }) });
    expect([posted.status, posted.text]).toEqual([202, '']);
    expect((await room.manage(of(name))).json()).toEqual({ data: { pubkey: pubkeyOf(1), [field]: kept } });
    const file = join(room.dir, 'settings.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Object.values(new SettingsFile(file).get(pubkeyOf(1)))).toEqual([kept]);
    const removed = await room.manage(of(name), { method: 'DELETE', headers: { 'content-type': 'application/json' } });
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect((await room.manage(of(name), { method: 'DELETE' })).status).toBe(204);
    expect((await room.manage(of(name))).status).toBe(404);
  });

  it('have defaults', async () => {
    const settingRules = { feeRecipient: ADDRESS, gasLimit: '1', graffiti: 'pool' } as const;
    const room = await openRoom({ lax: true, parts: () => ({ settingRules }) });
    await room.importKeys([1]);
    expect((await room.manage(of('feerecipient'))).json()).toEqual({
      data: { pubkey: pubkeyOf(1), ethaddress: ADDRESS },
    });
    expect((await room.manage(of('gas_limit'))).json()).toEqual({ data: { pubkey: pubkeyOf(1), gas_limit: '1' } });
    expect((await room.manage(of('graffiti'))).json()).toEqual({ data: { pubkey: pubkeyOf(1), graffiti: 'pool' } });
  });

  it.each([
    ['feerecipient', { ethaddress: `0x${'00'.repeat(20)}` }, 400],
    ['feerecipient', { ethaddress: '0x12' }, 400],
    ['feerecipient', { ethaddress: `0x${'11'.repeat(20)}` }, 403],
    ['feerecipient', {}, 400],
    ['gas_limit', { gas_limit: '18446744073709551616' }, 400],
    ['gas_limit', { gas_limit: '-1' }, 400],
    ['gas_limit', { gas_limit: 30000000 }, 400],
    ['graffiti', { graffiti: 'x'.repeat(33) }, 400],
    ['graffiti', { graffiti: 'é'.repeat(17) }, 400],
    ['graffiti', { graffiti: null }, 400],
  ])('%s refuses %j with %i and keeps nothing', async (name, body, status) => {
    const room = await openRoom({ lax: true, parts: () => ({ settingRules: { feeRecipients: [ADDRESS] } }) });
    await room.importKeys([1]);
    expect((await room.manage(of(name), { body: JSON.stringify(body) })).status).toBe(status);
    expect((await room.manage(of(name))).status).toBe(404);
  });

  it('of keys that are not here are not found; of what is no key, 400', async () => {
    const room = await openRoom({ lax: true });
    for (const name of ['feerecipient', 'gas_limit', 'graffiti']) {
      for (const method of ['GET', 'DELETE']) {
        expect((await room.manage(of(name, 7), { method })).status).toBe(404);
        expect((await room.manage(`/eth/v1/validator/0x12/${name}`, { method })).status).toBe(400);
      }
    }
  });

  it('go with a deleted key', async () => {
    const room = await openRoom({ lax: true });
    await room.importKeys([1]);
    await room.manage(of('graffiti'), { body: '{"graffiti":"old"}' });
    await room.deleteKeys([pubkeyOf(1)]);
    await room.importKeys([1]);
    expect((await room.manage(of('graffiti'))).status).toBe(404);
  });
});

describe('the settings file', () => {
  it.each([
    '',
    '{',
    '[]',
    '{"version":2,"keys":{}}',
    '{"version":1,"keys":{"0x00":{}}}',
    `{"version":1,"keys":{"${pubkeyOf(1)}":{"x":"y"}}}`,
  ])('when damaged is told, not guessed at: %s', async (text) => {
    const { dir } = await openRoom({ lax: true });
    writeFileSync(join(dir, 'damaged.json'), text);
    expect(() => new SettingsFile(join(dir, 'damaged.json'))).toThrow(/damaged/);
  });

  it('that cannot be written leaves what was set before, in memory and on disk', async () => {
    const { dir } = await openRoom({ lax: true });
    const folder = join(dir, 'settings');
    mkdirSync(folder);
    const path = join(folder, 'settings.json');
    const settings = new SettingsFile(path);
    await settings.set(pubkeyOf(1), 'graffiti', 'first');
    const before = readFileSync(path, 'utf8');
    mkdirSync(`${path}.tmp`);
    await expect(settings.set(pubkeyOf(1), 'graffiti', 'second')).rejects.toThrow(/cannot be written/);
    expect(settings.get(pubkeyOf(1))).toEqual({ graffiti: 'first' });
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(['settings.json', 'settings.json.tmp']);
    chmodSync(folder, 0o700);
  });
});

describe('a voluntary exit', () => {
  const beacon = {
    currentEpoch: async () => 300n,
    validatorIndex: async (pubkey: string) => (pubkey === pubkeyOf(1) ? 42n : undefined),
    forkInfo: async () => FORK_INFO,
  };
  const exit = (number: number, query = '') => `${of('voluntary_exit', number)}${query}`;

  it('is built for the validator and signed', async () => {
    const room = await openRoom({ lax: true, parts: () => ({ beacon }) });
    await room.importKeys([1]);
    for (const [query, epoch] of [
      ['', '300'],
      ['?epoch=7', '7'],
    ] as const) {
      const answer = await room.manage(exit(1, query), { method: 'POST' });
      expect(answer.status).toBe(200);
      const { message, signature } = (answer.json() as { data: { message: unknown; signature: `0x${string}` } }).data;
      expect(message).toEqual({ epoch, validator_index: '42' });
      const request = parseSignRequest({ type: 'VOLUNTARY_EXIT', fork_info: FORK_INFO, voluntary_exit: message });
      const network = {
        genesisValidatorsRoot: GENESIS,
        genesisForkVersion: '0x00000000',
        capellaForkVersion: null,
      } as const;
      expect(verifySignature(pubkeyOf(1), signingRootOf(request, network), fromHex(signature))).toBe(true);
    }
  });

  it('is refused with 403 where policy forbids it', async () => {
    const policy = poolPolicy({
      withdrawalCredentials: [],
      feeRecipients: [],
      requireProvenFeeRecipient: false,
      voluntaryExitClients: ['somebody else'],
    });
    const room = await openRoom({ lax: true, policy, parts: () => ({ beacon }) });
    await room.importKeys([1]);
    const answer = await room.manage(exit(1), { method: 'POST' });
    expect([answer.status, answer.text.includes('voluntary-exit')]).toEqual([403, true]);
  });

  it('is not built without what it needs', async () => {
    const without = await openRoom({ lax: true });
    await without.importKeys([1]);
    const answer = await without.manage(exit(1), { method: 'POST' });
    expect([answer.status, answer.json().code]).toEqual([500, 'SIGNER_NO_BEACON']);
    const room = await openRoom({ lax: true, parts: () => ({ beacon }) });
    await room.importKeys([1, 2]);
    expect((await room.manage(exit(2), { method: 'POST' })).json().code).toBe('SIGNER_NO_VALIDATOR');
    expect((await room.manage(exit(9), { method: 'POST' })).status).toBe(404);
    for (const query of ['?epoch=-1', '?epoch=x', '?epoch=18446744073709551616']) {
      expect((await room.manage(exit(1, query), { method: 'POST' })).status, query).toBe(400);
    }
  });
});
