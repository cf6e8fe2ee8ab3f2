import { Lease } from '@holdfast/signer';
import type { Context } from '../../context.ts';
import type { Home } from './home.ts';

/** Owns the directory for as long as `stack` lives. @throws OwnedError naming who owns it */
export async function own(
  home: Pick<Home, 'directory'>,
  purpose: string,
  context: Context,
  stack: AsyncDisposableStack,
  onLost?: (error: Error) => void,
): Promise<Lease> {
  const lease = await Lease.take(home.directory, {
    purpose,
    ...(onLost === undefined ? {} : { onLost }),
    onWait: ({ host, pid }, ms) =>
      context.warn(`${host} (pid ${pid}) may still own this directory: watching it for ${ms / 1000} s`),
  });
  stack.defer(() => lease.release());
  return lease;
}
