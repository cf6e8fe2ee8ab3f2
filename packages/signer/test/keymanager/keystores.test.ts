import { decryptKeystores } from '@holdfast/keys';
import { describe, expect, it } from 'vitest';
import { ask } from '../http/kit.ts';
import { GENESIS, historyOf, keystoreOf, openRoom, PASSWORD, pubkeyOf, secretOf } from './kit.ts';

describe('the Keymanager API', () => {
  it('opens keystores on threads of their own', async () => {
    const room = await openRoom({ parts: () => ({ decrypt: decryptKeystores }) });
    expect(await room.importKeys([1, 2])).toEqual([{ status: 'imported' }, { status: 'imported' }]);
    expect((await room.attest(pubkeyOf(2), 1, 2)).status).toBe(200);
  });

  it('asks for a token on every route: 401 without, 403 with another', async () => {
    const { url } = await openRoom({ lax: true });
    const key = `/eth/v1/validator/${pubkeyOf(1)}`;
    const paths = [
      ['GET', '/eth/v1/keystores'],
      ['POST', '/eth/v1/keystores'],
      ['DELETE', '/eth/v1/keystores'],
      ['GET', '/eth/v1/remotekeys'],
      ['POST', `${key}/voluntary_exit`],
      ...['feerecipient', 'gas_limit', 'graffiti'].flatMap((name) =>
        ['GET', 'POST', 'DELETE'].map((method) => [method, `${key}/${name}`]),
      ),
    ] as const;
    for (const [method, path] of paths) {
      expect((await ask(url, path!, { method: method! })).status, `${method} ${path}`).toBe(401);
      const headers = { authorization: `Bearer ${'0'.repeat(64)}` };
      expect((await ask(url, path!, { method: method!, headers })).status, `${method} ${path}`).toBe(403);
    }
  });

  it('imports, lists, lets sign, deletes with the history, and lets sign no more', async () => {
    const room = await openRoom();
    const [one, two] = [pubkeyOf(1), pubkeyOf(2)];
    expect((await room.manage('/eth/v1/keystores')).json()).toEqual({ data: [] });
    expect(await room.importKeys([1, 2])).toEqual([{ status: 'imported' }, { status: 'imported' }]);
    expect(await room.importKeys([2, 3, 3])).toEqual([
      { status: 'duplicate' },
      { status: 'imported' },
      { status: 'duplicate' },
    ]);
    expect((await room.manage('/eth/v1/keystores')).json()).toEqual({
      data: [1, 2, 3].map((number) => ({
        validating_pubkey: pubkeyOf(number),
        derivation_path: `m/12381/3600/${number}/0/0`,
        readonly: false,
      })),
    });
    expect((await room.attest(one, 3, 4)).status).toBe(200);
    const { data, history } = await room.deleteKeys([one.toUpperCase().replace('0X', '0x'), two, pubkeyOf(9)]);
    expect(data).toEqual([{ status: 'deleted' }, { status: 'deleted' }, { status: 'not_found' }]);
    expect(history.metadata).toEqual({ interchange_format_version: '5', genesis_validators_root: GENESIS });
    expect(new Set(history.data.map(({ pubkey }) => pubkey))).toEqual(new Set([one, two]));
    expect(history.data.find(({ pubkey }) => pubkey === one)?.signed_attestations).toMatchObject([
      { source_epoch: '3', target_epoch: '4' },
    ]);
    expect((await room.attest(one, 4, 5)).status).toBe(404);
    expect(room.store.has(one)).toBe(false);
    expect(room.ring.has(one)).toBe(false);
  });

  it('answers the same delete again with the history: not_active', async () => {
    const room = await openRoom();
    await room.importKeys([1]);
    await room.attest(pubkeyOf(1), 3, 4);
    const first = await room.deleteKeys([pubkeyOf(1), pubkeyOf(1)]);
    expect(first.data).toEqual([{ status: 'deleted' }, { status: 'not_active' }]);
    const second = await room.deleteKeys([pubkeyOf(1)]);
    expect(second.data).toEqual([{ status: 'not_active' }]);
    expect(second.history).toEqual(first.history);
    expect(second.history.data[0]?.signed_attestations).toHaveLength(1);
  });

  it('binds a key that comes back by all that it signed before', async () => {
    const room = await openRoom();
    const one = pubkeyOf(1);
    await room.importKeys([1]);
    expect((await room.attest(one, 3, 9)).status).toBe(200);
    await room.deleteKeys([one]);
    expect(await room.importKeys([1])).toEqual([{ status: 'imported' }]);
    expect((await room.attest(one, 4, 8)).status).toBe(412);
    expect((await room.attest(one, 4, 10)).status).toBe(200);
  });

  it('applies the history that comes along, as text or as an object', async () => {
    for (const asText of [true, false]) {
      const room = await openRoom();
      const history = historyOf(pubkeyOf(1), 3, 9);
      const slashing_protection = asText ? JSON.stringify(history) : history;
      expect(await room.importKeys([1], { slashing_protection })).toEqual([{ status: 'imported' }]);
      expect((await room.attest(pubkeyOf(1), 4, 9)).status).toBe(412);
      expect((await room.attest(pubkeyOf(1), 4, 10)).status).toBe(200);
    }
  });

  it.each([
    ['of another chain', JSON.stringify(historyOf(pubkeyOf(1), 3, 9, `0x${'05'.repeat(32)}` as typeof GENESIS))],
    ['that is no JSON', '{'],
    ['of another shape', '{"metadata":{}}'],
  ])('imports no key with a history %s', async (_name, slashing_protection) => {
    const room = await openRoom();
    expect(await room.importKeys([1, 2], { slashing_protection })).toEqual([
      { status: 'error', message: expect.stringContaining('so no key was imported') },
      { status: 'error', message: expect.any(String) },
    ]);
    expect(room.ring.size + room.store.size).toBe(0);
    expect((await room.attest(pubkeyOf(1), 10, 11)).status).toBe(404);
  });

  it('tells for each keystore what is wrong, and imports the others; no password is repeated', async () => {
    const room = await openRoom({ lax: true });
    const body = JSON.stringify({
      keystores: [keystoreOf(1), keystoreOf(2, 'hunter2-is-not-it'), '{"crypto":', 'nonsense', {}],
      passwords: [PASSWORD, 'wrong-password-given', PASSWORD, PASSWORD, PASSWORD],
    });
    const answer = await room.manage('/eth/v1/keystores', { body });
    expect(answer.json().data).toEqual([
      { status: 'imported' },
      ...Array.from({ length: 4 }, () => ({ status: 'error', message: expect.stringContaining('does not open') })),
    ]);
    for (const secret of [PASSWORD, 'wrong-password-given', 'hunter2-is-not-it'])
      expect(answer.text).not.toContain(secret);
    expect([...room.ring.pubkeys]).toEqual([pubkeyOf(1)]);
  });

  it.each([
    '{}',
    '[]',
    'null',
    '{"keystores":[],"passwords":["x"]}',
    '{"keystores":[1],"passwords":["x"]}',
    '{"keystores":"x","passwords":[]}',
    '{"keystores":[],"passwords":[]',
    '{"keystores":["x"],"passwords":[7]}',
  ])('answers 400 to %s', async (body) => {
    const { manage } = await openRoom({ lax: true });
    const answer = await manage('/eth/v1/keystores', { body });
    expect(answer.status).toBe(400);
    expect(answer.json().message).toEqual(expect.any(String));
  });

  it('answers 400 to a delete of what are no keys, and 200 to one of none', async () => {
    const { manage } = await openRoom({ lax: true });
    for (const body of ['{}', '{"pubkeys":"x"}', '{"pubkeys":["0x00"]}']) {
      expect((await manage('/eth/v1/keystores', { method: 'DELETE', body })).status, body).toBe(400);
    }
    const none = await manage('/eth/v1/keystores', { method: 'DELETE', body: '{"pubkeys":[]}' });
    expect([none.status, none.json().data]).toEqual([200, []]);
  });

  it('calls keys that are not in the store readonly, and does not delete them', async () => {
    const room = await openRoom();
    room.ring.add([{ pubkey: pubkeyOf(5), secret: secretOf(5) }]);
    await room.protection.register([pubkeyOf(5)]);
    expect((await room.manage('/eth/v1/keystores')).json().data).toEqual([
      { validating_pubkey: pubkeyOf(5), readonly: true },
    ]);
    const { data, history } = await room.deleteKeys([pubkeyOf(5)]);
    expect(data).toEqual([{ status: 'error', message: expect.stringContaining('readonly') }]);
    expect(history.data).toEqual([]);
    expect((await room.attest(pubkeyOf(5), 1, 2)).status).toBe(200);
  });

  it('has no remote keys: it is the remote signer', async () => {
    const { manage } = await openRoom({ lax: true });
    expect((await manage('/eth/v1/remotekeys')).json()).toEqual({ data: [] });
    const remote_keys = [{ pubkey: pubkeyOf(1), url: 'https://elsewhere.example' }];
    const imported = await manage('/eth/v1/remotekeys', { body: JSON.stringify({ remote_keys }) });
    expect(imported.json()).toEqual({ data: [{ status: 'error', message: expect.stringContaining('itself') }] });
    const body = JSON.stringify({ pubkeys: [pubkeyOf(1)] });
    expect((await manage('/eth/v1/remotekeys', { method: 'DELETE', body })).json()).toEqual({
      data: [{ status: 'not_found' }],
    });
  });
});
