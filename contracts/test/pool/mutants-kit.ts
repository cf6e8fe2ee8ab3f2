import type { PartName } from '../support/pool-deploy.ts';
import type { Mutant } from '../support/pool-mutation.ts';

export const LEDGER = 'src/beacon/ValidatorLedger.sol';
export const CHECKPOINT = 'src/beacon/BalanceCheckpoint.sol';
export const VAULT = 'src/custody/Vault.sol';
export const RATE = 'src/custody/ShareRate.sol';
export const QUEUE = 'src/custody/WithdrawalQueue.sol';
export const TOKEN = 'src/custody/ShareToken.sol';
export const REGISTRY = 'src/economics/OperatorRegistry.sol';
export const BONDS = 'src/economics/BondVault.sol';
export const ENFORCER = 'src/economics/SlashingEnforcer.sol';

export const of =
  (file: string, part: PartName) =>
  (safeguard: string, from: string, to: string, scenario: string): Mutant => ({
    safeguard,
    file,
    from,
    to,
    scenario,
    part,
  });

export const ledger = of(LEDGER, 'ValidatorLedger');
export const checkpoint = of(CHECKPOINT, 'ValidatorLedger');
export const vault = of(VAULT, 'Vault');
export const rate = of(RATE, 'Vault');
export const queue = of(QUEUE, 'WithdrawalQueue');
export const token = of(TOKEN, 'ShareToken');
export const registry = of(REGISTRY, 'OperatorRegistry');
export const bonds = of(BONDS, 'BondVault');
export const enforcer = of(ENFORCER, 'SlashingEnforcer');

/** A door of the Vault, the token or the registry without its guard. */
export const open = (
  make: ReturnType<typeof of>,
  part: string,
  fn: string,
  parameters: string,
  guard: string,
): Mutant =>
  make(
    `${part}.${fn}: its own part only`,
    `function ${fn}(${parameters}) external ${guard}`,
    `function ${fn}(${parameters}) external`,
    `${part}.${fn}`,
  );

export const ownOnly = (fn: string, parameters: string): [string, string] => [
  `function ${fn}(${parameters}) external {\n        if (msg.sender != address(ENFORCER)) revert LedgerCallerUnknown(msg.sender);`,
  `function ${fn}(${parameters}) external {`,
];
