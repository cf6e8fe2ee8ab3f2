import { ETH, GWEI } from './pool-deploy.ts';
import { ALICE, door, KEY, MANAGER, type Scenario, THIEF, ZERO } from './pool-scenario-kit.ts';

/** Functions that are for one part of the pool alone. */
export const doorsScenarios: Readonly<Record<string, Scenario>> = {
  'Vault.stake': door('vault', 'stake', [KEY, 31n * GWEI, `0x${'00'.repeat(32)}`]),
  'Vault.creditPredeposit': door('vault', 'creditPredeposit', [THIEF, ETH]),
  'Vault.payClaims': door('vault', 'payClaims', [0n]),
  'Vault.payFee': door('vault', 'payFee', [THIEF, 0n]),
  'Vault.requestWithdrawal': door('vault', 'requestWithdrawal', [KEY, 0n]),
  'Vault.requestConsolidation': door('vault', 'requestConsolidation', [KEY, KEY]),
  'Vault.payBounty': door('vault', 'payBounty', [THIEF, 0n]),
  'Vault.freeze': door('vault', 'freeze', []),
  'Vault.report': door('vault', 'report', [10n ** 20n]),
  'Vault.recordLoss': door('vault', 'recordLoss', [1n]),
  'Token.mint': door('token', 'mint', [THIEF, ETH]),
  'Token.escrow': door('token', 'escrow', [ALICE, 0n]),
  'Token.burnEscrowed': door('token', 'burnEscrowed', [0n]),
  'Token.moveReceipt': door('token', 'moveReceipt', [ZERO, THIEF]),
  'Queue.freeze': door('queue', 'freeze', []),
  'Queue.release': door('queue', 'release', []),
  'Ledger.markSlashed': door('ledger', 'markSlashed', [1]),
  'Ledger.uncount': door('ledger', 'uncount', [1, 0n]),
  'Ledger.markSettled': door('ledger', 'markSettled', [1]),
  'Registry.addValidator': door('registry', 'addValidator', [1, MANAGER]),
  'Registry.removeValidator': door('registry', 'removeValidator', [1, false]),
  'Registry.startEarning': door('registry', 'startEarning', [1]),
  'Registry.accrue': door('registry', 'accrue', [0n]),
  'Registry.freeze': door('registry', 'freeze', [1]),
  'Registry.settle': door('registry', 'settle', [1]),
  'Bonds.reserve': door('bonds', 'reserve', [1, 0n]),
  'Bonds.charge': door('bonds', 'charge', [1, 0n, 0n]),
  'Enforcer.deposited': door('enforcer', 'deposited', [1, 1n, 0n]),
};
