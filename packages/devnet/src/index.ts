/**
 * A real Ethereum in a box: Lodestar's state transition, with real blocks, signatures and finality, over a real EVM,
 * one slot at a time. The rest of Holdfast sees only the standard APIs that it serves.
 *
 * It runs the minimal preset (8 slots an epoch, `EPOCHS_PER_SLASHINGS_VECTOR` and `SLOTS_PER_HISTORICAL_ROOT` 64,
 * 32 sync committee members, at most 4 withdrawals a block), so start the process with `LODESTAR_PRESET=minimal`.
 *
 * @example
 * const execution = await createEdrExecution({ genesisTime: 1_800_000_000 });
 * const devnet = await Devnet.create({ execution, validators: 64 });
 * const rpc = await serveJsonRpc(execution); // JSON-RPC at rpc.url
 * const beacon = await devnet.listen(); // Beacon API at beacon.url
 * await devnet.step(32); // four epochs, without a wall clock
 * await devnet.inject({ kind: 'doubleVote', validators: [3] });
 * await devnet.stepUntil(() => devnet.state.validators.getReadonly(3).slashed);
 * // Others may do its validators' duties: a signer that holds their keys, or a validator client at the Beacon API.
 * await devnet.signThrough(createRemoteSigner({ url: 'http://127.0.0.1:9000' }), [4, 5]);
 * await devnet.handOver([6, 7]);
 * await devnet.close();
 */
export { createEdrExecution, createEmbeddedEthereumjs } from './adapters.ts';
export type { ListenOptions } from './beacon-api/server.ts';
export type { Tamper } from './beacon-api/tamper.ts';
export type { BeaconChain } from './consensus/chain.ts';
export { GENESIS_FORK_VERSION } from './consensus/chain-config.ts';
export {
  type DepositData,
  type DepositDataParameters,
  makeDepositData,
  type SignedDepositParameters,
  signDepositData,
  withdrawalCredentials,
} from './consensus/deposit-data.ts';
export type { ChainEvent, MissedReason, SlotPhase, SlotResult } from './consensus/events.ts';
export type { ActiveFault, EquivocationKind, Fault, ValidatorRefs } from './consensus/faults.ts';
export { interopValidators } from './consensus/genesis.ts';
export type { StoredBlock } from './consensus/store.ts';
export type { DevnetBlock, DevnetState } from './consensus/types.ts';
export { Devnet, type DevnetSnapshot } from './devnet.ts';
export { DevnetError } from './errors.ts';
export {
  DEV_MNEMONIC,
  type DevAccount,
  devAccounts,
  type GenesisAccount,
} from './execution/dev-accounts.ts';
export type { EdrExecutionOptions } from './execution/edr/edr-execution.ts';
export { type Eip1193Provider, toEip1193 } from './execution/eip1193.ts';
export { createEngineExecution, type EngineExecutionOptions } from './execution/engine/engine-execution.ts';
export type { EmbeddedExecution } from './execution/engine/ethereumjs.ts';
export {
  BadBlockAttributesError,
  BadExecutionDataError,
  EngineApiError,
  ExecutionRpcError,
  ExecutionUnsupportedError,
} from './execution/errors.ts';
export { type GenesisOptions, gethGenesis } from './execution/genesis.ts';
export type * from './execution/port.ts';
export { type RpcServer, type RpcServerOptions, serveJsonRpc } from './execution/rpc-server.ts';
export {
  BEACON_ROOTS_ADDRESS,
  CONSOLIDATION_REQUEST_ADDRESS,
  DEPOSIT_CONTRACT_ADDRESS,
  TRANSACTION_GAS_CAP,
  WITHDRAWAL_REQUEST_ADDRESS,
} from './execution/system-contracts.ts';
export type { DevnetFork, DevnetOptions, GenesisValidator } from './options.ts';
export { Pacer } from './pacer.ts';
export {
  DutyFailedError,
  type DutyFailure,
  type DutyFailureDetails,
  type DutyRequest,
  type DutySigner,
  type DutyType,
} from './signing/port.ts';
export { createRemoteSigner, type RemoteSignerOptions } from './signing/remote-signer.ts';
export type { Performer } from './signing/roster.ts';
export type { DevnetStatus } from './status.ts';
