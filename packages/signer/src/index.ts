/**
 * A guard between validator clients and their keys: it understands what it is asked to sign, holds it against policy and
 * slashing protection, and only then lets a key sign.
 *
 * @example
 * const service = new SignerService({ keys, protection, policy: poolPolicy({ ... }), gate, network });
 * const signature = await service.sign(pubkey, JSON.parse(body), clientOf({ name: 'vc-1', keys: 'all', types: 'all' }));
 */

export type { AccessConfig, AdminConfig, CertificateMatch, ClientConfig } from './access/config.ts';
export { SignerAccessError } from './access/errors.ts';
export { createTokenFile } from './access/tokens.ts';
export {
  Doppelganger,
  type DoppelgangerEvent,
  type DoppelgangerOptions,
  type DoppelgangerStatus,
} from './doppelganger/Doppelganger.ts';
export { DoppelgangerFoundError, DoppelgangerWaitError } from './doppelganger/errors.ts';
export type { DoppelgangerPorts, LivenessPort, NodeStatus, OwnHistory } from './doppelganger/ports.ts';
export {
  BadRequestError,
  InternalError,
  RefusedError,
  RootMismatchError,
  SaturatedError,
  SignerConfigError,
  SignerError,
  type SignerErrorKind,
  StoppedError,
  UnknownKeyError,
} from './errors.ts';
export { type GateSources, watchGate } from './gate/metrics.ts';
export { type Check, DrainingError, type GateParts, SignerGate } from './gate/SignerGate.ts';
export { SignerSettingsError } from './http/keymanager/errors.ts';
export type { ExitBeaconPort } from './http/keymanager/exit.ts';
export type { KeystorePorts } from './http/keymanager/keystores.ts';
export type { KeymanagerParts } from './http/keymanager/routes.ts';
export type { SettingRules } from './http/keymanager/setting-routes.ts';
export { SettingsFile, type SettingsPort } from './http/keymanager/settings.ts';
export { DEFAULT_LIMITS, type Limits } from './http/limits.ts';
export type { TlsOptions } from './http/listener.ts';
export type { HealthCheck, HighWatermarkPort, KeysPort, KillPort, SigningPort } from './http/ports.ts';
export type { ReloadResult, ReloadState } from './http/reload.ts';
export { type SignerServer, type SignerServerHooks, type SignerServerOptions, serveSigner } from './http/serve.ts';
export { answerKill, type KillAnswer } from './kill/api.ts';
export { KilledError, KillSwitchError } from './kill/errors.ts';
export { KILL_FILE, type Killed, KillSwitch, type KillSwitchOptions } from './kill/KillSwitch.ts';
export { createLog, type Log, type LogLevel } from './log.ts';
export { SignerMetrics } from './metrics.ts';
export { LeaseLostError, OwnedError, OwnerLockError } from './owner/errors.ts';
export { Lease, type LeaseOptions, ownerOf } from './owner/Lease.ts';
export type { Owner } from './owner/record.ts';
export { type ClientRules, clientOf } from './policy/client.ts';
export { notFromTheFuture, type SlotClock, slotClock } from './policy/clock.ts';
export { allOf, allowAll, perKey } from './policy/policies.ts';
export { type PoolPolicyOptions, poolPolicy, vaultCredentials } from './policy/pool.ts';
export { parseSignRequest } from './requests/parse.ts';
export { SIGN_TYPES, type SignRequest, type SignType } from './requests/types.ts';
export { type Network, signingRootOf } from './roots/signing-root.ts';
export {
  type ClaimVerdict,
  type Client,
  type Gate,
  type KeyPort,
  type Policy,
  type PolicyContext,
  type ProtectionPort,
  type SignEvent,
  type SignerHooks,
  type SignerParts,
  SignerService,
  type SlashableDuty,
} from './service.ts';
