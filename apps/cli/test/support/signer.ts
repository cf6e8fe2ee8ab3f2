import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { encryptKeystore, publicKeyOf } from '@holdfast/keys';
import type { Pubkey } from '@holdfast/units';

export const ROOT = `0x${'5a'.repeat(32)}`;
const FORK = { previous_version: '0x70000001', current_version: '0x70000001', epoch: '0' };
/** A minute ago: slots of a second, epochs of two. */
const genesisTime = Math.floor(Date.now() / 1000) - 60;

export const PASSWORD = 'correct horse battery staple';

export interface TestKey {
  readonly pubkey: Pubkey;
  readonly secret: Uint8Array;
}

export const testKeys: readonly TestKey[] = [1, 2, 3, 4].map((n) => {
  const secret = new Uint8Array(32);
  secret[31] = n;
  return { secret, pubkey: publicKeyOf(secret) };
});

/** The files that a deposit tool leaves: keystores, and deposit data beside them. Cheap to open. Returns the directory. */
export function writeKeystores(parent: string, keys: readonly TestKey[], name = 'validator_keys'): string {
  const directory = join(parent, name);
  mkdirSync(directory, { recursive: true });
  for (const [index, { secret }] of keys.entries()) {
    const path = `m/12381/3600/${index}/0/0`;
    const kdf = { function: 'pbkdf2', c: 1024 } as const;
    const keystore = encryptKeystore({ secret, password: PASSWORD, path, kdf });
    const file = `keystore-m_12381_3600_${index}_0_0-${genesisTime}.json`;
    writeFileSync(join(directory, file), JSON.stringify(keystore), { mode: 0o600 });
  }
  writeFileSync(join(directory, `deposit_data-${genesisTime}.json`), '[{"pubkey":"00","amount":32000000000}]');
  writeFileSync(join(parent, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  return directory;
}

/** A network of two-second epochs. Returns the file's path. */
export function writeNetwork(directory: string): string {
  const path = join(directory, 'network.json');
  const network = {
    name: 'testnet',
    preset: 'minimal',
    genesisValidatorsRoot: ROOT,
    genesisForkVersion: '0x70000001',
    capellaForkVersion: '0x70000004',
    genesisTime,
    secondsPerSlot: 1,
    slotsPerEpoch: 2,
  };
  writeFileSync(path, JSON.stringify(network));
  return path;
}

export function attestation(source: number, target: number, blockRoot = '11') {
  const root = `0x${blockRoot.repeat(32)}`;
  return {
    type: 'ATTESTATION',
    fork_info: { fork: FORK, genesis_validators_root: ROOT },
    attestation: {
      slot: String(target * 8),
      index: '0',
      beacon_block_root: root,
      source: { epoch: String(source), root },
      target: { epoch: String(target), root },
    },
  };
}

export const aggregationSlot = (slot: number) => ({
  type: 'AGGREGATION_SLOT',
  fork_info: { fork: FORK, genesis_validators_root: ROOT },
  aggregation_slot: { slot: String(slot) },
});

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function sign(url: unknown, pubkey: string, body: unknown): Promise<Answered> {
  const response = await fetch(`${url}/api/v1/eth2/sign/${pubkey}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** A beacon node as far as the watch for second owners asks: in sync, at the wall clock's slot, telling who was live. */
export class LivenessNode {
  readonly live = new Set<string>();
  syncing = false;
  readonly #server: Server;
  readonly #keys: readonly string[];

  private constructor(keys: readonly string[]) {
    this.#keys = keys;
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const data = this.#answer(request.url ?? '', body);
      response.writeHead(data === null ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ data, execution_optimistic: false, finalized: false }));
    });
  }

  static async start(keys: readonly string[]): Promise<LivenessNode> {
    const node = new LivenessNode(keys);
    await new Promise<void>((resolve) => node.#server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #answer(path: string, body: string): unknown {
    const slot = Math.floor(Date.now() / 1000) - genesisTime;
    if (path === '/eth/v1/beacon/genesis') {
      return { genesis_time: String(genesisTime), genesis_validators_root: ROOT, genesis_fork_version: '0x70000001' };
    }
    if (path === '/eth/v1/node/syncing') {
      const flags = { is_syncing: this.syncing, is_optimistic: false, el_offline: false };
      return { head_slot: String(slot), sync_distance: '0', ...flags };
    }
    if (path.startsWith('/eth/v1/beacon/states/head/validators')) {
      const { ids } = JSON.parse(body) as { ids: string[] };
      return ids.filter((id) => this.#keys.includes(id)).map((id) => this.#validator(id));
    }
    const epoch = /^\/eth\/v1\/validator\/liveness\/(\d+)$/.exec(path)?.[1];
    if (epoch === undefined) return null;
    return (JSON.parse(body) as string[]).map((index) => ({
      index,
      is_live: this.live.has(this.#keys[Number(index)]!),
    }));
  }

  #validator(pubkey: string): unknown {
    return {
      index: String(this.#keys.indexOf(pubkey)),
      balance: '32000000000',
      status: 'active_ongoing',
      validator: {
        pubkey,
        withdrawal_credentials: ROOT,
        effective_balance: '32000000000',
        slashed: false,
        activation_eligibility_epoch: '0',
        activation_epoch: '0',
        exit_epoch: '18446744073709551615',
        withdrawable_epoch: '18446744073709551615',
      },
    };
  }
}
