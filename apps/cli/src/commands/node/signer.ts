import { existsSync } from 'node:fs';
import type { KeyPair } from '@holdfast/keys';
import { KeyRing } from '@holdfast/keys';
import { type ExitRequests, remoteSigner, requestedExits, type ShareSigner, serviceSigner } from '@holdfast/node';
import { openSqliteProtection } from '@holdfast/protection';
import {
  allOf,
  clientOf,
  type KillSwitch,
  type Lease,
  parseSignRequest,
  SignerGate,
  SignerService,
} from '@holdfast/signer';
import type { Hex, Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliKeyError, CliNetworkError, CliUsageError } from '../../errors.ts';
import { shown } from '../../net/urls.ts';
import { readSecretFile } from '../../secrets/files.ts';
import type { Home } from '../signer/home.ts';
import { LivePolicy } from '../signer/policy.ts';
import type { NodeOptions } from './command.ts';
import { type ChainNow, settleHistory, type Waiting } from './history.ts';
import type { NodeRecord } from './record.ts';
import { startShareWatch } from './watch.ts';

/** What a signer of this node's shares is made of. */
export interface SignerInputs {
  readonly home: Home;
  readonly record: NodeRecord | null;
  /** Whoever may be paid: the lock's word, not the command line's. */
  readonly vault: Hex | null;
  readonly feeRecipient: Hex;
  /** The validator that each share is of. */
  readonly validatorOf: ReadonlyMap<Pubkey, Pubkey>;
  /** What the operator asked to exit: nothing else is let out. */
  readonly exits: ExitRequests;
  readonly kill: KillSwitch;
  readonly lease: Lease;
  readonly chain: ChainNow;
}

export interface NodeSigner {
  readonly signer: ShareSigner;
  readonly waiting: Waiting | null;
}

/** The node, as its own signer knows it. */
const SELF = clientOf({ name: 'node', keys: 'all', types: 'all' });
/** How far ahead of the clock a duty may lie, in slots. */
const SLOTS_AHEAD_MAX = 32;

/** The signer in this process: policy, slashing protection in a file of its own, and the shares. `stack` undoes it. */
export async function localSigner(
  inputs: SignerInputs,
  shares: readonly KeyPair[],
  options: NodeOptions,
  context: Context,
  stack: AsyncDisposableStack,
): Promise<NodeSigner> {
  const { home, record, vault, feeRecipient, validatorOf, exits, kill, lease, chain } = inputs;
  const pubkeys = shares.map(({ pubkey }) => pubkey);
  if (!existsSync(home.protectionPath) && record?.startedAt) {
    context.warn(`${home.protectionPath} is gone, though this node has signed since ${record.startedAt}`);
  }
  const protection = await openSqliteProtection({
    path: home.protectionPath,
    genesisValidatorsRoot: home.network.genesisValidatorsRoot,
  });
  stack.defer(() => protection.close());
  const waiting = await settleHistory(protection, pubkeys, record, options, home.network, chain, context);
  const pool = new LivePolicy(
    {
      ...(vault === null ? {} : { vault: [vault] }),
      feeRecipient: [feeRecipient],
      allowExits: true,
      slotsAheadMax: SLOTS_AHEAD_MAX,
    },
    home.network,
  );
  const policy = allOf(
    pool,
    requestedExits(exits, (share) => validatorOf.get(share)),
  );
  const ring = await KeyRing.create();
  stack.defer(() => ring.close());
  ring.add(shares);
  const watch = await startShareWatch(home, protection, validatorOf, options, context, stack);
  const gate = new SignerGate({ kill, lease, ...(watch ? { doppelganger: watch } : {}) });
  // Duties that are under way when it stops are not let out half.
  stack.defer(() => gate.drain());
  const service = new SignerService({ keys: ring, protection, policy, gate, network: home.network });
  return { signer: serviceSigner(service, SELF), waiting };
}

/** A remote signer keeps the shares and their history; what stops signing here still stops it. */
export async function distantSigner(
  { kill, lease, record, exits, validatorOf }: SignerInputs,
  wanted: readonly Pubkey[],
  options: NodeOptions,
  context: Context,
): Promise<NodeSigner> {
  const url = options.signerUrl!;
  refuseLocalHistory(record, options);
  const token =
    options.signerTokenFile === undefined ? undefined : readSecretFile(options.signerTokenFile, context.warn).trim();
  await requireShares(url, wanted, token);
  const remote = remoteSigner({ url, ...(token === undefined ? {} : { token }) });
  const gate = new SignerGate({ kill, lease });
  // The remote signer has a policy of its own; that the operator asked only this directory knows.
  const policy = requestedExits(exits, (share) => validatorOf.get(share));
  return {
    waiting: null,
    signer: {
      async sign(sharePubkey, request, signal) {
        gate.check(sharePubkey);
        if (request.type === 'VOLUNTARY_EXIT')
          policy.check(parseSignRequest(request), { pubkey: sharePubkey, client: SELF });
        const signature = await remote.sign(sharePubkey, request, signal);
        gate.check(sharePubkey);
        return signature;
      },
    },
  };
}

/** What these shares signed is for the remote signer to know: it cannot be settled from here. @throws CliUsageError */
function refuseLocalHistory(record: NodeRecord | null, options: NodeOptions): void {
  if (options.new || options.import !== undefined || options.recoverByWaiting) {
    throw new CliUsageError(
      'the remote signer keeps the history: --new, --import and --recover-by-waiting are for shares in this directory',
      {
        fix: 'Import keys and history there: `holdfast keys import … --slashing-protection FILE`',
      },
    );
  }
  if (record?.origin !== 'resharing' || record.startedAt !== null) return;
  throw new CliUsageError('these shares were re-dealt: the remote signer does not know from when on they may sign', {
    fix: 'Start once without --signer-url, stop, `holdfast protection export`, and import shares and history into the signer',
  });
}

const ASK_MS = 10_000;

/** @throws CliKeyError naming a share that the signer does not hold; CliNetworkError */
async function requireShares(url: string, wanted: readonly Pubkey[], token: string | undefined): Promise<void> {
  let held: unknown;
  try {
    const response = await fetch(`${url}/api/v1/eth2/publicKeys`, {
      signal: AbortSignal.timeout(ASK_MS),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    held = await response.json();
  } catch (cause) {
    throw new CliNetworkError('the remote signer does not say which keys it holds', {
      data: { url: shown(url) },
      cause,
    });
  }
  const keys = new Set(Array.isArray(held) ? held.map((key) => String(key).toLowerCase()) : []);
  const missing = wanted.filter((pubkey) => !keys.has(pubkey));
  if (missing.length === 0) return;
  throw new CliKeyError('the remote signer does not hold the shares that the lock names for this node', {
    data: { url: shown(url), missing: missing.length, first: missing[0] },
    fix: 'Import them there: `holdfast keys import DIR/keystores --password-file DIR/password`',
  });
}
