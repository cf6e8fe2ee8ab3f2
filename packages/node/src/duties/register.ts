import { fromHex } from '@holdfast/units';
import { SLOTS_PER_EPOCH } from '@lodestar/params';
import { both, type DutyContext } from './context.ts';

/**
 * Builder registrations of all active validators, once an epoch. All nodes must sign the same message, so its timestamp
 * is the epoch's start and not the hour of whoever signs. A beacon node without a builder may refuse them: that costs
 * nothing.
 */
export async function registerBuilders(context: DutyContext, slot: number, signal: AbortSignal): Promise<void> {
  const { beacon, chain, cluster, tasks, registry, observer, feeRecipient, gasLimit } = context;
  const timestamp = Math.floor(chain.startMs(slot - (slot % SLOTS_PER_EPOCH)) / 1000);
  const messages = registry.active.map(({ pubkey }) => ({
    feeRecipient: fromHex(feeRecipient),
    gasLimit: Number(gasLimit),
    timestamp,
    pubkey: fromHex(pubkey),
  }));
  try {
    const signatures = await cluster.sign(
      messages.map((message, at) => tasks.registration(registry.active[at]!.pubkey, slot, message)),
      chain.startMs(slot + 2),
      signal,
    );
    const signed = both(messages, signatures).map(([message, signature]) => ({ message, signature }));
    if (signed.length > 0) await beacon.validatorApi.registerValidators(signed, { signal });
  } catch (error) {
    observer.missed('registration', slot, error);
  }
}
