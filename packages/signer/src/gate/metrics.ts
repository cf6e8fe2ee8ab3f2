import { Gauge, type Registry } from 'prom-client';
import type { DoppelgangerStatus } from '../doppelganger/Doppelganger.ts';

/** What the gate's metrics read when they are collected. */
export interface GateSources {
  readonly kill: { state(): unknown };
  readonly doppelganger: { status(): DoppelgangerStatus };
}

/** Adds what stops signing to the metrics: worth an alert each. */
export function watchGate(registry: Registry, { kill, doppelganger }: GateSources): void {
  const registers = [registry];
  new Gauge({
    name: 'holdfast_signer_killed',
    help: '1 while the kill switch is pulled',
    registers,
    collect() {
      this.set(kill.state() === null ? 0 : 1);
    },
  });
  new Gauge({
    name: 'holdfast_signer_doppelganger_keys',
    help: 'Keys by how their watch for a second owner stands',
    labelNames: ['state'],
    registers,
    collect() {
      const { waiting, clear, barred } = doppelganger.status();
      this.set({ state: 'waiting' }, waiting);
      this.set({ state: 'clear' }, clear);
      this.set({ state: 'barred' }, barred.length);
    },
  });
}
