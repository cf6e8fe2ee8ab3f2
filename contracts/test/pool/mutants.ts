import type { PartName } from '../support/pool-deploy.ts';
import type { Mutant } from '../support/pool-mutation.ts';

const LEDGER = 'src/beacon/ValidatorLedger.sol';
const CHECKPOINT = 'src/beacon/BalanceCheckpoint.sol';
const VAULT = 'src/custody/Vault.sol';
const RATE = 'src/custody/ShareRate.sol';
const QUEUE = 'src/custody/WithdrawalQueue.sol';
const TOKEN = 'src/custody/ShareToken.sol';
const REGISTRY = 'src/economics/OperatorRegistry.sol';
const BONDS = 'src/economics/BondVault.sol';
const ENFORCER = 'src/economics/SlashingEnforcer.sol';

const of =
  (file: string, part: PartName) =>
  (safeguard: string, from: string, to: string, scenario: string): Mutant => ({
    safeguard,
    file,
    from,
    to,
    scenario,
    part,
  });

const ledger = of(LEDGER, 'ValidatorLedger');
const checkpoint = of(CHECKPOINT, 'ValidatorLedger');
const vault = of(VAULT, 'Vault');
const rate = of(RATE, 'Vault');
const queue = of(QUEUE, 'WithdrawalQueue');
const token = of(TOKEN, 'ShareToken');
const registry = of(REGISTRY, 'OperatorRegistry');
const bonds = of(BONDS, 'BondVault');
const enforcer = of(ENFORCER, 'SlashingEnforcer');

/** A door of the Vault, the token or the registry without its guard. */
const open = (make: ReturnType<typeof of>, part: string, fn: string, parameters: string, guard: string): Mutant =>
  make(
    `${part}.${fn}: its own part only`,
    `function ${fn}(${parameters}) external ${guard}`,
    `function ${fn}(${parameters}) external`,
    `${part}.${fn}`,
  );

const ownOnly = (fn: string, parameters: string): [string, string] => [
  `function ${fn}(${parameters}) external {\n        if (msg.sender != address(ENFORCER)) revert LedgerCallerUnknown(msg.sender);`,
  `function ${fn}(${parameters}) external {`,
];

/** Every safeguard that a scenario watches over, taken out one at a time. */
export const MUTANTS: readonly Mutant[] = [
  // ── ledger: coming ──
  ledger(
    "credentials must be the Vault's",
    'fields.withdrawalCredentials == compoundingCredentials(address(VAULT)) && !fields.slashed',
    '!fields.slashed',
    'front-run credentials are rejected',
  ),
  ledger(
    'an exiting validator is not taken in',
    '\n            && fields.exitEpoch == FAR_FUTURE_EPOCH;',
    ';',
    'a validator that is leaving is not taken in',
  ),
  ledger(
    "the proof is the record's key",
    'if (fields.pubkeyRoot != record.pubkeyRoot) revert ValidatorOther(ordinal);',
    '',
    "credentials are the record's own",
  ),
  ledger(
    'the predeposit is 1 ETH',
    'if (msg.value != PREDEPOSIT) revert PredepositValueWrong(msg.value);',
    '',
    "the first ether is exactly one, and the operator's",
  ),
  ledger(
    'a key is taken once',
    'if (_keys[pubkeyRoot].ordinal != 0) revert PubkeyKnown(_keys[pubkeyRoot].ordinal);',
    '',
    'a key is taken once',
  ),
  ledger(
    'funding goes in turn',
    'if (_awaitsFunding(earlier)) revert NotItsTurn(ordinal, earlier);',
    '',
    'funding goes in turn',
  ),
  ledger(
    'no funding in the block of the start',
    'if (checkpoint.open && checkpoint.startSlot == _currentSlot()) revert FundingInStartBlock();',
    '',
    'funding waits where a checkpoint began in the same block',
  ),
  ledger(
    'no stake for a frozen operator',
    'if (!REGISTRY.mayStake(record.operatorId)) revert OperatorMayNotStake(record.operatorId);',
    '',
    'a frozen operator gets no stake for a key it had proven',
  ),
  // ── ledger: going ──
  ledger(
    'a stranger exits only when needed',
    '_takeTurnToExit(ordinal, last.exitAskedAt != 0, leaving);\n',
    '\n',
    'no stranger exits a validator that nobody needs',
  ),
  ledger(
    'exits are not repeated at once',
    'if (last.exitAskedAt != 0 && block.timestamp < from) revert ExitAlreadyRequested(ordinal, from);',
    '',
    'an exit is asked for once in a while',
  ),
  ledger(
    'what was asked for in vain is not on its way',
    'leavingGwei - last.exitExpectedGwei;',
    'leavingGwei;',
    'an exit that was passed over is asked for again',
  ),
  ledger(
    'no partial withdrawal after an exit request',
    'if (key.exitAskedAt != 0) revert ExitAlreadyRequested(ordinal, uint256(key.exitAskedAt) + EXIT_RETRY_SECONDS);',
    '',
    'no partial withdrawal gets in the way of an exit',
  ),
  ledger(
    "consolidation is the manager's",
    'if (msg.sender != REGISTRY.managerOf(from.operatorId)) revert NotManager(from.operatorId, msg.sender);',
    '',
    'consolidation stays with its manager',
  ),
  ledger(
    'consolidation stays with one operator',
    'to.status != Status.Funded || to.operatorId != from.operatorId',
    'to.status != Status.Funded',
    'consolidation stays with one operator',
  ),
  ledger(
    'an exit is shown',
    'if (validator.fields.exitEpoch == FAR_FUTURE_EPOCH) revert NotYetOnBeaconChain(ordinal);',
    '',
    'a validator that stays is not proven exiting',
  ),
  ledger(
    "an exit is the record's own",
    'if (validator.index != record.index) revert ValidatorOther(ordinal);\n        if (validator.fields.exitEpoch',
    'if (validator.fields.exitEpoch',
    "another validator's exit proves nothing",
  ),
  ledger(
    'a withdrawal is shown',
    'left != 0 || validator.fields.slashed || validator.fields.withdrawableEpoch > slot / SLOTS_PER_EPOCH',
    'left == type(uint64).max || validator.fields.slashed',
    'a validator is not withdrawn before its balance is',
  ),
  ledger(
    'a slashed validator is settled, not withdrawn',
    'validator.fields.slashed || validator.fields.withdrawableEpoch',
    'validator.fields.withdrawableEpoch',
    'a slashed validator does not leave as a plain exit',
  ),
  ledger(
    'a validator leaves a checkpoint counted',
    '_requireCounted(ordinal);',
    '',
    'a validator leaves a checkpoint counted',
  ),
  ledger('Ledger.markSlashed: the enforcer only', ...ownOnly('markSlashed', 'uint32 ordinal'), 'Ledger.markSlashed'),
  ledger(
    'Ledger.uncount: the enforcer only',
    ...ownOnly('uncount', 'uint32 ordinal, uint256 lessGwei'),
    'Ledger.uncount',
  ),
  ledger('Ledger.markSettled: the enforcer only', ...ownOnly('markSettled', 'uint32 ordinal'), 'Ledger.markSettled'),
  // ── checkpoint ──
  checkpoint('a balance counts once', 'seenAt == slot || ', '', 'a balance counts once a checkpoint'),
  checkpoint(
    'what is funded after the start does not count',
    ' || (seenAt == 0 && word.depositSlot() > startSlot)',
    '',
    'what is funded after the start is not counted',
  ),
  checkpoint(
    'a deposit in flight is resolved first',
    'if (_pendingAt[ordinal] != slot && _mayHaveJoined(word.depositSlot(), slot)) revert DepositUnresolved(ordinal);',
    '',
    'a deposit in flight must be shown pending or landed',
  ),
  checkpoint(
    'the deposit is not among the items',
    'if (_isOurs(record, run.items[i])) revert DepositNotShownLanded(ordinal);',
    '',
    'a pending deposit is not shown landed',
  ),
  checkpoint(
    'the list is shown from its front',
    'if (run.start > shown) revert DepositNotShownLanded(ordinal);',
    '',
    'a pending deposit is not shown landed',
  ),
  checkpoint(
    'a pending deposit is our own',
    '|| !_isOurs(record, run.items[0])',
    '|| record.depositSlot == 0',
    'a pending deposit is not shown landed',
  ),
  checkpoint(
    'a postponed deposit hides behind younger ones',
    '&& behind) return true',
    '&& (behind || last != 0)) return true',
    "an exiting validator's deposit hides behind younger ones",
  ),
  checkpoint(
    'an equal slot is not younger',
    'if (last > joined && behind)',
    'if (last >= joined && behind)',
    'a deposit of the same slot before ours proves nothing',
  ),
  checkpoint(
    'a checkpoint finishes whole',
    'if (c.remaining != 0) revert CheckpointIncomplete(c.remaining);',
    '',
    'a checkpoint finishes whole',
  ),
  checkpoint(
    'checkpoints keep their distance',
    'if (block.timestamp < from) revert CheckpointTooSoon(from);',
    '',
    'checkpoints keep their distance',
  ),
  // ── Vault ──
  open(vault, 'Vault', 'report', 'uint256 outside', 'only(LEDGER)'),
  open(vault, 'Vault', 'recordLoss', 'uint256 amount', 'only(ENFORCER)'),
  open(vault, 'Vault', 'freeze', '', 'only(LEDGER)'),
  open(vault, 'Vault', 'stake', 'bytes calldata pubkey, uint64 amountGwei, bytes32 depositDataRoot', 'only(LEDGER)'),
  open(vault, 'Vault', 'creditPredeposit', 'address operator, uint256 amount', 'only(LEDGER)'),
  open(vault, 'Vault', 'payClaims', 'uint256 assets', 'only(address(QUEUE))'),
  open(vault, 'Vault', 'payFee', 'address to, uint256 amount', 'only(address(REGISTRY))'),
  open(vault, 'Vault', 'requestWithdrawal', 'bytes calldata pubkey, uint64 amountGwei', 'only(LEDGER)'),
  open(vault, 'Vault', 'requestConsolidation', 'bytes calldata source, bytes calldata target', 'only(LEDGER)'),
  vault(
    'Vault.payBounty: ledger and enforcer only',
    'if (msg.sender != LEDGER && msg.sender != ENFORCER) revert VaultCallerUnknown(msg.sender);',
    '',
    'Vault.payBounty',
  ),
  vault(
    'a deposit names its ether',
    'if (msg.value != assets) revert DepositValueWrong(msg.value, assets);',
    '',
    'a deposit names its ether',
  ),
  vault(
    'stake leaves the queue its cash',
    'if (amount > stakeable) revert CashShort(amount, stakeable);',
    '',
    'stake leaves the queue its cash',
  ),
  vault(
    'claims leave reserve and fees alone',
    'if (assets > free) revert CashShort(assets, free);',
    '',
    'claims leave reserve and fees alone',
  ),
  vault('a bounty has a cap', 'if (amount > BOUNTY_CAP) amount = BOUNTY_CAP;', '', 'a bounty has a cap'),
  vault('bounties have a window', '_bounties.spend(amount, BOUNTY_LIMIT, LIMIT_WINDOW);', '', 'bounties have a window'),
  vault(
    'claims have a window',
    '_claims.spend(assets, _claimLimit(), LIMIT_WINDOW);',
    '',
    "no window passes a door's limit",
  ),
  of('src/custody/RollingLimit.sol', 'Vault')(
    'no window passes its limit',
    'if (amount > room) revert WindowLimitReached(amount, room);',
    '',
    "no window passes a door's limit",
  ),
  vault(
    'liabilities are not worth',
    'nav = gross > then_.liabilities ? gross - then_.liabilities : 0;',
    'nav = gross;',
    'liabilities are not worth',
  ),
  vault(
    'the fee is above the high-water mark',
    '(highWater * supply) / ShareRate.ONE;',
    'supply;',
    'the fee is taken once',
  ),
  vault(
    'newcomers share what drips in',
    'if (block.timestamp < line.until) _rate = line.diluted(TOKEN.totalSupply(), shares);',
    '',
    'newcomers share what drips in',
  ),
  of('src/custody/SystemRequests.sol', 'Vault')(
    'a request fee has a cap',
    'if (fee > cap) revert RequestFeeTooHigh(fee, cap);',
    '',
    'a request fee has a cap',
  ),
  rate(
    'gains drip',
    'uint256 span = slowest > drip ? slowest : drip;',
    'uint256 span = 1 + (slowest + drip) / 1e30;',
    'a gain drips',
  ),
  rate(
    'a small gain drips too',
    'uint256 span = slowest > drip ? slowest : drip;',
    'uint256 span = slowest + 1 + drip / 1e30;',
    'a gain takes its time however small',
  ),
  rate(
    'growth has a limit',
    'uint256 span = slowest > drip ? slowest : drip;',
    'uint256 span = drip + slowest / 1e30;',
    'a gain drips',
  ),
  rate(
    'a loss is at once',
    'uint256 current = valueAt(line, block.timestamp);\n        if (target <= current) return flat(target);',
    'uint256 current = valueAt(line, block.timestamp);\n        if (target <= current) return line;',
    'a loss is at once',
  ),
  rate(
    'a proven loss is at once',
    'line.target > perShare ? line.target - perShare : 0;',
    'perShare == 0 ? 0 : line.target;',
    'a proven loss is at once',
  ),
  // ── token and queue ──
  open(token, 'Token', 'mint', 'address to, uint256 shares', 'only(VAULT)'),
  open(token, 'Token', 'escrow', 'address from, uint256 shares', 'only(QUEUE)'),
  open(token, 'Token', 'burnEscrowed', 'uint256 shares', 'only(QUEUE)'),
  open(token, 'Token', 'moveReceipt', 'address from, address to', 'only(QUEUE)'),
  token('the escrow is entered by a request only', '|| to == QUEUE', '', 'the escrow is entered by a request only'),
  queue(
    'no more than at the request',
    'atFinalization < atRequest ? atFinalization : atRequest',
    'atRequest == 0 ? 0 : atFinalization',
    'a request is not paid above its own rate',
  ),
  queue(
    'no more than at the payment',
    'atFinalization < atRequest ? atFinalization : atRequest',
    'atFinalization == 0 ? 0 : atRequest',
    'a request is not paid above the rate of its payment',
  ),
  queue(
    'a checkpoint comes first',
    'if (last > s.payableId) last = s.payableId;',
    'if (last > s.lastId) last = s.lastId;',
    'a request waits for a checkpoint',
  ),
  queue(
    'the checkpoint is younger',
    'state.lastBlock == block.number ? state.earlierId : state.lastId;',
    'state.lastId;',
    'a request of the block of the start waits for the next',
  ),
  queue(
    "a receipt is its owner's",
    'if (msg.sender != owner && !isApprovedForAll[owner][msg.sender] && _approved[id] != msg.sender) {',
    'if (false) {',
    "a receipt is its owner's",
  ),
  queue(
    'only the owner approves',
    'if (msg.sender != owner && !isApprovedForAll[owner][msg.sender]) revert ReceiptNotYours(id, msg.sender);',
    '',
    "a receipt is its owner's",
  ),
  queue(
    'an approval dies with the transfer',
    'requests[id].owner = to;\n        delete _approved[id];',
    'requests[id].owner = to;',
    'an approval dies with the transfer',
  ),
  queue('a claim is paid once', '        delete requests[id];\n', '', 'a claim is paid once'),
  queue(
    'a claim has its own batch',
    'if (id < held.firstId || id > held.lastId) {',
    'if (id > state.finalizedId) {',
    'a claim is priced by its own batch',
  ),
  queue(
    'Queue.freeze: the ledger only',
    'function freeze() external {\n        if (msg.sender != LEDGER) revert QueueCallerUnknown(msg.sender);',
    'function freeze() external {',
    'Queue.freeze',
  ),
  queue(
    'Queue.release: the ledger only',
    'function release() external {\n        if (msg.sender != LEDGER) revert QueueCallerUnknown(msg.sender);',
    'function release() external {',
    'Queue.release',
  ),
  queue(
    'paid before burnt',
    'if (assets > 0) VAULT.payClaims(assets);\n        TOKEN.burnEscrowed(sharesGwei * GWEI);',
    'TOKEN.burnEscrowed(sharesGwei * GWEI);\n        if (assets > 0) VAULT.payClaims(assets);',
    'as much is paid as the window allows',
  ),
  // ── operators and bonds ──
  open(registry, 'Registry', 'addValidator', 'uint32 operatorId, address caller', 'only(LEDGER)'),
  open(registry, 'Registry', 'removeValidator', 'uint32 operatorId, bool earning', 'only(LEDGER)'),
  open(registry, 'Registry', 'startEarning', 'uint32 operatorId', 'only(LEDGER)'),
  open(registry, 'Registry', 'accrue', 'uint256 amount', 'only(address(VAULT))'),
  open(registry, 'Registry', 'freeze', 'uint32 operatorId', 'only(ENFORCER)'),
  open(registry, 'Registry', 'settle', 'uint32 operatorId', 'only(ENFORCER)'),
  registry(
    'only the manager offers keys',
    'if (operator.manager != caller) revert RegistryCallerUnknown(caller);',
    '',
    'only the manager offers keys',
  ),
  registry(
    'a key needs its bond',
    'if (bond < required) revert BondShort(operatorId, bond, required);',
    '',
    'a key needs its bond',
  ),
  registry(
    'a frozen operator offers no key',
    'if (operator.slashings != 0 || operator.barred) revert OperatorFrozenOrBarred(operatorId);',
    '',
    'a frozen operator is not funded',
  ),
  registry(
    'a frozen operator gets no fee',
    'if (operator.slashings != 0) revert OperatorFrozenOrBarred(operatorId);',
    '',
    'a frozen operator gets no fee',
  ),
  bonds(
    'a frozen operator gets no bond',
    'if (REGISTRY.isFrozen(operatorId)) return 0;',
    '',
    'a frozen operator gets no bond back',
  ),
  bonds(
    'bond answers for what runs',
    'required(held) + bonds[operatorId].reserved;',
    'required(held) * 0 + bonds[operatorId].reserved;',
    'bond answers for what runs',
  ),
  bonds(
    "a bond is its manager's",
    'if (msg.sender != REGISTRY.managerOf(operatorId)) revert BondCallerUnknown(msg.sender);',
    '',
    'bond answers for what runs',
  ),
  bonds(
    'Bonds.reserve: the enforcer only',
    'function reserve(uint32 operatorId, uint256 amount) external onlyEnforcer',
    'function reserve(uint32 operatorId, uint256 amount) external',
    'Bonds.reserve',
  ),
  bonds(
    'Bonds.charge: the enforcer only',
    'uint256 amount) external onlyEnforcer returns (uint256 paid)',
    'uint256 amount) external returns (uint256 paid)',
    'Bonds.charge',
  ),
  // ── slashing ──
  enforcer(
    'a slashing is shown',
    'if (!validator.fields.slashed) revert SlashingNotShown(ordinal);',
    '',
    'an innocent validator is not slashed',
  ),
  enforcer(
    "a slashing is the record's own",
    'if (validator.index != record.index) revert SlashingOther(ordinal);\n        if (!validator',
    'if (!validator',
    "another's slashing proves nothing",
  ),
  enforcer(
    'a slashing sets bond aside',
    'slashing.coverGwei += uint48(BONDS.reserve(operatorId, (expected - known) * GWEI) / GWEI);',
    '',
    'a slashing sets bond aside',
  ),
  enforcer('a slashing freezes', 'REGISTRY.freeze(record.operatorId);', '', 'a frozen operator gets no fee'),
  enforcer(
    'the provision is in the rate',
    'lessGwei += before - worth;',
    '',
    'what the bond does not cover leaves the rate at once',
  ),
  enforcer(
    'the younger reference wins',
    'if (slot <= slashing.referenceSlot) revert ReferenceOlder(slot, slashing.referenceSlot);',
    '',
    'the younger reference wins',
  ),
  enforcer(
    'a reference is unslashed',
    'if (validator.fields.slashed) revert SlashingNotShown(ordinal);',
    '',
    'a reference shows the validator unslashed',
  ),
  enforcer(
    'what lies there was not lost',
    'if (here > worth) worth = here;',
    '',
    'a poor reference takes nothing off what lies there',
  ),
  enforcer(
    'a landed deposit counts once',
    'if (slot / SLOTS_PER_EPOCH >= slashing.withdrawableEpoch) slashing.landedGwei',
    'if (slot != 0) slashing.landedGwei',
    'a deposit that landed before the fault counts once',
  ),
  enforcer(
    'a withdrawal counts once',
    ' && _seenWithdrawals[index / 256] & bit == 0;',
    ';',
    'a withdrawal is recovered once',
  ),
  enforcer(
    "a withdrawal is the record's own",
    'withdrawal.validatorIndex == record.index && ',
    'record.index != type(uint40).max && ',
    "another's withdrawal recovers nothing",
  ),
  enforcer(
    'settlement waits for evidence',
    '|| block.timestamp < from) revert SettlementTooEarly',
    ') revert SettlementTooEarly',
    'a settlement waits for the balance and for evidence',
  ),
  enforcer(
    'settlement waits for the balance',
    'if (!gone || block.timestamp < from)',
    'if ((!gone && from == 0) || block.timestamp < from)',
    'a settlement waits for a checkpoint that saw nothing left',
  ),
  enforcer(
    'the bond pays',
    'uint256(slashing.coverGwei) * GWEI, loss * GWEI);',
    'uint256(slashing.coverGwei) * GWEI, 0 * loss);',
    'the bond pays the loss',
  ),
  enforcer(
    'Enforcer.deposited: the ledger only',
    'if (msg.sender != address(LEDGER)) revert EnforcerCallerUnknown(msg.sender);',
    '',
    'Enforcer.deposited',
  ),
];
