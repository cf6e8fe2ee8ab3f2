export { bondVaultAbi } from './generated/BondVault.ts';
export { operatorRegistryAbi } from './generated/OperatorRegistry.ts';
export { shareTokenAbi } from './generated/ShareToken.ts';
export { slashingEnforcerAbi } from './generated/SlashingEnforcer.ts';
export { validatorLedgerAbi } from './generated/ValidatorLedger.ts';
export { vaultAbi } from './generated/Vault.ts';
export { withdrawalQueueAbi } from './generated/WithdrawalQueue.ts';
