import { readFileSync } from 'node:fs';
import { notFromTheFuture, type Policy, poolPolicy, slotClock, vaultCredentials } from '@holdfast/signer';
import type { Hex } from '@holdfast/units';
import { CliFileError, CliUsageError } from '../../errors.ts';
import type { SignerNetwork } from './networks.ts';

/** What may be signed beyond what slashing protection allows, as the command line says it. */
export interface PolicyOptions {
  readonly policy?: string | undefined;
  readonly vault?: readonly Hex[] | undefined;
  readonly feeRecipient?: readonly Hex[] | undefined;
  readonly allowExits?: boolean | undefined;
  readonly requireProvenFeeRecipient?: boolean | undefined;
  readonly slotsAheadMax: number;
}

/** The same as a file says it; it is read again on SIGHUP. */
interface PolicyFile {
  readonly vaults?: readonly Hex[];
  readonly withdrawalCredentials?: readonly Hex[];
  readonly feeRecipients?: readonly Hex[];
  readonly requireProvenFeeRecipient?: boolean;
  readonly voluntaryExits?: 'all' | 'none' | readonly string[];
}

type Rules = Parameters<typeof poolPolicy>[0];

/** A policy whose rules can be replaced while it is in use. */
export class LivePolicy implements Policy {
  readonly #options: PolicyOptions;
  readonly #timely: Policy;
  #rules: Rules;
  #policy: Policy;

  /** @throws CliFileError, CliUsageError */
  constructor(options: PolicyOptions, network: SignerNetwork) {
    const { genesisTime, secondsPerSlot } = network;
    const clock = slotClock({ genesisTimeSeconds: genesisTime, secondsPerSlot, nowMs: () => Date.now() });
    this.#options = options;
    this.#timely = notFromTheFuture(clock, options.slotsAheadMax);
    this.#rules = rulesOf(options);
    this.#policy = policyOf(this.#rules);
  }

  /** Whether deposits, registrations and blocks are held to a pool. */
  get pooled(): boolean {
    return isPooled(this.#rules);
  }

  get feeRecipients(): readonly Hex[] {
    return this.#rules.feeRecipients;
  }

  check(...args: Parameters<Policy['check']>): void {
    this.#timely.check(...args);
    this.#policy.check(...args);
  }

  /** Reads the file again. What is wrong with it leaves the rules as they are. @throws CliFileError, CliUsageError */
  reload(): void {
    const rules = rulesOf(this.#options);
    this.#policy = policyOf(rules);
    this.#rules = rules;
  }
}

const isPooled = ({ withdrawalCredentials, feeRecipients }: Rules): boolean =>
  withdrawalCredentials.length + feeRecipients.length > 0;

/** Keys that belong to no pool may have anything signed but what is irrevocable. */
function policyOf(rules: Rules): Policy {
  const policy = poolPolicy(rules);
  if (isPooled(rules)) return policy;
  return {
    check(request, context) {
      if (request.type === 'VOLUNTARY_EXIT') policy.check(request, context);
    },
  };
}

function rulesOf(options: PolicyOptions): Rules {
  const file = options.policy === undefined ? {} : readPolicyFile(options.policy);
  const vaults = [...(options.vault ?? []), ...(file.vaults ?? [])];
  const recipients = [...(options.feeRecipient ?? []), ...(file.feeRecipients ?? [])];
  const exits = options.allowExits ? 'all' : (file.voluntaryExits ?? 'none');
  return {
    withdrawalCredentials: [
      ...vaults.flatMap((vault) => [vaultCredentials(vault, '0x02'), vaultCredentials(vault, '0x01')]),
      ...(file.withdrawalCredentials ?? []),
    ],
    // In a Holdfast pool the Vault is the fee recipient.
    feeRecipients: recipients.length > 0 ? recipients : vaults,
    requireProvenFeeRecipient: options.requireProvenFeeRecipient ?? file.requireProvenFeeRecipient ?? false,
    voluntaryExitClients: exits === 'none' ? [] : exits,
  };
}

const LISTS = new Map([
  ['vaults', 20],
  ['withdrawalCredentials', 32],
  ['feeRecipients', 20],
]);

function readPolicyFile(path: string): PolicyFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CliFileError('the policy cannot be read', { data: { path }, cause });
  }
  const refuse = (key: string, what: string): never => {
    throw new CliUsageError(`"${key}" in the policy must be ${what}`, { data: { path } });
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CliFileError('the policy must hold an object', { data: { path } });
  }
  for (const [key, item] of Object.entries(value)) {
    const bytes = LISTS.get(key);
    if (bytes !== undefined) {
      const hex = new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`);
      if (!isTexts(item) || !item.every((text) => hex.test(text)))
        refuse(key, `a list of 0x and ${bytes} bytes in hex`);
    } else if (key === 'requireProvenFeeRecipient') {
      if (typeof item !== 'boolean') refuse(key, 'true or false');
    } else if (key === 'voluntaryExits') {
      if (item !== 'all' && item !== 'none' && !isTexts(item)) refuse(key, '"all", "none", or names of clients');
    } else refuse(key, 'left out: there is no such rule');
  }
  return value;
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
