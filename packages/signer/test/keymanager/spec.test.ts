// The API definitions themselves, read from ../shared: every path and method is served, with statuses they list.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answer, ask } from '../http/kit.ts';
import { FORK_INFO, openRoom, pubkeyOf, type Room } from './kit.ts';

const SPECS = join(import.meta.dirname, '../../../../../shared/specs');
const present = existsSync(SPECS);
if (!present) console.log('skipped: ../shared/specs is not there, so no API definition to compare with');

/** Statuses by method, as an OpenAPI path file lists them. The files are plain enough to be read by line. */
function statusesOf(file: string): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  let method = '';
  for (const line of readFileSync(join(SPECS, file), 'utf8').split('\n')) {
    method = /^(get|post|delete):/.exec(line)?.[1]?.toUpperCase() ?? method;
    const status = /^ {4}['"](\d{3})['"]:/.exec(line)?.[1];
    if (status) found.set(method, (found.get(method) ?? new Set()).add(Number(status)));
  }
  return found;
}

const KEY = `/eth/v1/validator/${pubkeyOf(1)}`;
const BODIES: Readonly<Record<string, string>> = {
  'POST /eth/v1/keystores': '{"keystores":[],"passwords":[]}',
  'DELETE /eth/v1/keystores': `{"pubkeys":["${pubkeyOf(3)}"]}`,
  'POST /eth/v1/remotekeys': `{"remote_keys":[{"pubkey":"${pubkeyOf(3)}"}]}`,
  'DELETE /eth/v1/remotekeys': `{"pubkeys":["${pubkeyOf(3)}"]}`,
  [`POST ${KEY}/feerecipient`]: `{"ethaddress":"0x${'11'.repeat(20)}"}`,
  [`POST ${KEY}/gas_limit`]: '{"gas_limit":"1"}',
  [`POST ${KEY}/graffiti`]: '{"graffiti":"x"}',
};
const KEYMANAGER = {
  'local_keystores.yaml': '/eth/v1/keystores',
  'remote_keystores.yaml': '/eth/v1/remotekeys',
  'fee_recipient.yaml': `${KEY}/feerecipient`,
  'gas_limit.yaml': `${KEY}/gas_limit`,
  'graffiti.yaml': `${KEY}/graffiti`,
  'voluntary_exit.yaml': `${KEY}/voluntary_exit`,
} as const;
const WEB3SIGNER = {
  'healthcheck.yaml': '/healthcheck',
  'high_watermark.yaml': '/api/v1/eth2/highWatermark',
  'public_keys.yaml': '/api/v1/eth2/publicKeys',
  'reload.yaml': '/reload',
  'upcheck.yaml': '/upcheck',
} as const;
const beacon = { currentEpoch: async () => 1n, validatorIndex: async () => 1n, forkInfo: async () => FORK_INFO };

const open = async (): Promise<Room> => {
  const room = await openRoom({
    lax: true,
    parts: () => ({ beacon, settingRules: { feeRecipient: `0x${'11'.repeat(20)}`, gasLimit: '1', graffiti: 'x' } }),
    server: { hooks: { reload: async () => ({ added: 0, removed: 0, errors: [] }) } },
  });
  await room.importKeys([1]);
  return room;
};

describe.skipIf(!present)('the Keymanager API as defined', () => {
  it('knows every file of the definition', () => {
    expect(readdirSync(join(SPECS, 'keymanager/apis')).sort()).toEqual(Object.keys(KEYMANAGER).sort());
  });

  it.each(Object.entries(KEYMANAGER))(
    '%s: each method succeeds, and fails, with statuses it lists',
    async (file, path) => {
      const room = await open();
      const methods = statusesOf(join('keymanager/apis', file));
      expect(methods.size).toBeGreaterThan(0);
      for (const [method, statuses] of methods) {
        const body = BODIES[`${method} ${path}`];
        const calls: Answer[] = [
          await room.manage(path, { method, ...(body === undefined ? {} : { body }) }),
          await ask(room.url, path, { method }),
          await ask(room.url, path, { method, headers: { authorization: `Bearer ${'0'.repeat(64)}` } }),
          await room.manage(path.replace(pubkeyOf(1), pubkeyOf(9)), {
            method,
            ...(body === undefined ? {} : { body }),
          }),
        ];
        const got = calls.map(({ status }) => status);
        expect(got[0], `${method} ${path}`).toBeLessThan(300);
        expect(got.slice(1, 3)).toEqual([401, 403]);
        for (const status of got) expect([...statuses], `${method} ${path}`).toContain(status);
        for (const answer of calls.slice(1, 3)) expect(answer.json().message).toEqual(expect.any(String));
      }
    },
  );
});

describe.skipIf(!present)('the Web3Signer API as defined', () => {
  it.each(Object.entries(WEB3SIGNER))('%s: each method answers with a status it lists', async (file, path) => {
    const room = await open();
    for (const [method, statuses] of statusesOf(join('remote-signing/signing/paths', file))) {
      const { status } = await room.manage(path, { method });
      expect([...statuses], `${method} ${path}`).toContain(status);
      expect(status).toBeLessThan(300);
    }
  });

  it('sign.yaml: 200, 400 and 404 are answered where it lists them', async () => {
    const statuses = [...statusesOf('remote-signing/signing/paths/sign.yaml').get('POST')!];
    const room = await open();
    const got = [
      (await room.attest(pubkeyOf(1), 1, 2)).status,
      (await ask(room.url, `/api/v1/eth2/sign/${pubkeyOf(1)}`, { body: '{}' })).status,
      (await room.attest(pubkeyOf(9), 1, 2)).status,
    ];
    expect(got).toEqual([200, 400, 404]);
    for (const status of [...got, 412, 500]) expect(statuses).toContain(status);
  });

  it('healthcheck, keystores and paths are those of web3signer.yaml', () => {
    const text = readFileSync(join(SPECS, 'remote-signing/web3signer.yaml'), 'utf8');
    const paths = [...text.matchAll(/^ {2}(\/\S+):$/gm)].map((match) => match[1]);
    expect(paths.sort()).toEqual(
      [...Object.values(WEB3SIGNER), '/api/v1/eth2/sign/{identifier}', '/eth/v1/keystores'].sort(),
    );
  });
});
