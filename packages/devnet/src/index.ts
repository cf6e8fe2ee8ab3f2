/**
 * A real Ethereum in a box: Lodestar's state transition, with real blocks, signatures and finality, over a real EVM,
 * one slot at a time. The rest of Holdfast sees only the standard APIs that it serves.
 *
 * It runs the minimal preset (8 slots an epoch, `EPOCHS_PER_SLASHINGS_VECTOR` and `SLOTS_PER_HISTORICAL_ROOT` 64,
 * 32 sync committee members, at most 4 withdrawals a block), so start the process with `LODESTAR_PRESET=minimal`.
 *
 * @example
 * const execution = await createEdrExecution();
 * const devnet = await Devnet.create({ execution, validators: 64 });
 * const { url } = await devnet.listen();
 * await devnet.step(32); // four epochs, without a wall clock
 * await devnet.inject({ kind: 'doubleVote', validators: [3] });
 * await devnet.stepUntil(() => devnet.state.validators.getReadonly(3).slashed);
 * await devnet.close();
 */
export type { ListenOptions } from './beacon-api/server.ts';
export type { Tamper } from './beacon-api/tamper.ts';
export { DEPOSIT_CONTRACT_ADDRESS, GENESIS_FORK_VERSION } from './consensus/chain-config.ts';
export {
  type DepositData,
  type DepositDataParameters,
  makeDepositData,
  withdrawalCredentials,
} from './consensus/deposit-data.ts';
export type { ChainEvent, MissedReason, SlotResult } from './consensus/events.ts';
export type { ActiveFault, EquivocationKind, Fault, ValidatorRefs } from './consensus/faults.ts';
export { interopValidators } from './consensus/genesis.ts';
export type { DevnetBlock, DevnetState } from './consensus/types.ts';
export { Devnet, type DevnetSnapshot, type DevnetStatus } from './devnet.ts';
export { DevnetError } from './errors.ts';
export type * from './execution/port.ts';
export type { DevnetFork, DevnetOptions, GenesisValidator } from './options.ts';
