import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/units';
import { LeaseLostError, OwnedError, OwnerLockError } from './errors.ts';
import { FileLock } from './lock.ts';
import { type Owner, readOwner, writeOwner } from './record.ts';

/** The files of ownership in a data directory. */
export const LOCK_FILE = 'owner.lock';
export const OWNER_FILE = 'owner.json';

const LEASE_MS = 15_000;
/** Beats a lease: one may be late without harm. */
const BEATS = 3;
const LOCK_TRIES = 3;
const LOCK_RETRY_MS = 30;

export interface LeaseOptions {
  /** What the process runs, for whoever finds the directory taken. */
  readonly purpose: string;
  /** How long an owner on another machine may stay silent before it counts as dead, in milliseconds. */
  readonly leaseMs?: number;
  /** Told once when the lease is lost. */
  readonly onLost?: (error: LeaseLostError) => void;
  /** Told when a silent owner of another boot or host is waited for. */
  readonly onWait?: (owner: Owner, ms: number) => void;
  readonly ports?: Partial<LeasePorts>;
}

/** What a lease needs of the world. */
export interface LeasePorts {
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly host: string;
  readonly boot: string;
  readonly pid: number;
}

/**
 * Ownership of a data directory by one process. Two parts: a lock that the kernel holds, which decides among processes
 * of one machine; and a record that beats, which tells who the owner is and decides where locks do not reach, as on some
 * network file systems. An owner that was killed leaves a free lock. Its record is taken over at once on the same boot,
 * and otherwise after it was seen not to beat for a lease.
 */
export class Lease {
  readonly owner: Owner;
  readonly #lock: FileLock;
  readonly #path: string;
  readonly #leaseMs: number;
  readonly #ports: LeasePorts;
  readonly #onLost: (error: LeaseLostError) => void;
  readonly #timer: NodeJS.Timeout;
  #beats = 1;
  #confirmedMs: number;
  #lost: LeaseLostError | null = null;
  #released = false;

  private constructor(lock: FileLock, path: string, owner: Owner, options: LeaseOptions, ports: LeasePorts) {
    this.#lock = lock;
    this.#path = path;
    this.owner = owner;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#ports = ports;
    this.#onLost = options.onLost ?? (() => undefined);
    this.#confirmedMs = ports.now();
    this.#timer = setInterval(() => this.beat(), this.#leaseMs / BEATS);
    this.#timer.unref();
  }

  /**
   * Takes ownership of `directory`.
   *
   * @throws OwnedError naming the owner; OwnerLockError when the directory cannot be locked
   */
  static async take(directory: string, options: LeaseOptions): Promise<Lease> {
    const ports = { ...systemPorts(), ...options.ports };
    const path = join(directory, OWNER_FILE);
    const lock = await takeLock(join(directory, LOCK_FILE), ports);
    if (!lock) throw owned(directory, readOwner(path));
    try {
      await waitForSilence(directory, path, options, ports);
      const owner: Owner = {
        pid: ports.pid,
        host: ports.host,
        boot: ports.boot,
        purpose: options.purpose,
        since: new Date().toISOString(),
        token: randomBytes(16).toString('hex'),
        beats: 1,
      };
      writeOwner(path, owner);
      return new Lease(lock, path, owner, options, ports);
    } catch (cause) {
      lock.release();
      if (cause instanceof HoldfastError) throw cause;
      throw new OwnerLockError({ data: { directory }, cause });
    }
  }

  /**
   * For before each signature: cheap while the last beat is fresh. After a pause of the process (a suspended machine, a
   * stalled disk) ownership is confirmed anew before anything else happens.
   *
   * @throws LeaseLostError
   */
  check(): void {
    if (this.#lost) throw this.#lost;
    if (this.#ports.now() - this.#confirmedMs >= (this.#leaseMs * 2) / BEATS) this.beat();
    if (this.#lost) throw this.#lost;
  }

  /** Confirms and prolongs the lease. Runs by itself; a lost lease stays lost. */
  beat(): void {
    if (this.#lost || this.#released) return;
    const found = readOwner(this.#path);
    if (!this.#lock.stands()) {
      this.#lose(new LeaseLostError('its lock file was replaced or removed'));
      return;
    }
    if (found && found.token !== this.owner.token) {
      const { pid, host, since } = found;
      this.#lose(new LeaseLostError('another owner wrote itself in', { data: { pid, host, since } }));
      return;
    }
    try {
      this.#beats += 1;
      writeOwner(this.#path, { ...this.owner, beats: this.#beats });
      this.#confirmedMs = this.#ports.now();
    } catch (cause) {
      // A full disk is no other owner: the lease holds until it runs out.
      if (this.#ports.now() - this.#confirmedMs >= this.#leaseMs) {
        this.#lose(new LeaseLostError('its record cannot be written', { cause }));
      }
    }
  }

  /** Gives the directory up; the next owner need not wait. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#timer);
    if (!this.#lost && this.#lock.stands()) rmSync(this.#path, { force: true });
    this.#lock.release();
  }

  #lose(error: LeaseLostError): void {
    this.#lost = error;
    clearInterval(this.#timer);
    this.#onLost(error);
  }
}

/** Who owns `directory` now, or null when nobody does. Looks without taking: for status displays. */
export function ownerOf(directory: string): Owner | null {
  const lock = FileLock.tryTake(join(directory, LOCK_FILE));
  const owner = readOwner(join(directory, OWNER_FILE));
  if (!lock) return owner ?? UNKNOWN;
  lock.release();
  return null;
}

const UNKNOWN: Owner = { pid: 0, host: 'unknown', boot: '', purpose: 'unknown', since: '', token: '', beats: 0 };

/** A status display holds the lock for an instant: that is no owner. */
async function takeLock(path: string, ports: LeasePorts): Promise<FileLock | null> {
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const lock = FileLock.tryTake(path);
    if (lock) return lock;
    await ports.sleep(LOCK_RETRY_MS);
  }
  return null;
}

/** Where the lock may not reach: an owner of another boot must be seen to be silent. */
async function waitForSilence(
  directory: string,
  path: string,
  options: LeaseOptions,
  ports: LeasePorts,
): Promise<void> {
  const before = readOwner(path);
  if (!before || before.boot === ports.boot) return;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  options.onWait?.(before, leaseMs);
  await ports.sleep(leaseMs);
  const after = readOwner(path);
  if (after && (after.token !== before.token || after.beats !== before.beats)) throw owned(directory, after);
}

function owned(directory: string, owner: Owner | null): OwnedError {
  if (!owner) return new OwnedError({ data: { directory } });
  const { pid, host, purpose, since } = owner;
  return new OwnedError({ data: { directory, pid, host, purpose, since } });
}

const systemPorts = (): LeasePorts => ({
  now: () => performance.now(),
  sleep: (ms) => sleep(ms),
  host: hostname(),
  boot: bootId(),
  pid: process.pid,
});

/** The kernel's boot id; where there is none the host's name has to do. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}
