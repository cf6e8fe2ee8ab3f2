import { type Policy, RefusedError } from '@holdfast/signer';
import type { Pubkey } from '@holdfast/units';
import type { ExitRequests } from './requests.ts';

/**
 * Lets a share sign a voluntary exit only while this node's operator asks for that very one. Whatever the rest of the
 * node was brought to believe, by a bug or by its peers, the signer looks at the request itself, at that moment.
 *
 * Rule named: `exit-not-requested`.
 *
 * @param validatorOf the validator that a share is of
 */
export function requestedExits(requests: ExitRequests, validatorOf: (share: Pubkey) => Pubkey | undefined): Policy {
  return {
    check(request, { pubkey: share }) {
      if (request.type !== 'VOLUNTARY_EXIT') return;
      const validator = validatorOf(share);
      const asked = validator === undefined ? null : requests.find(validator);
      if (asked && (asked.epoch === null || BigInt(asked.epoch) === request.epoch)) return;
      throw new RefusedError('exit-not-requested', "this node's operator did not ask for this exit", {
        data: { validator, epoch: request.epoch, asked: asked ? asked.epoch : null },
        fix: '`holdfast node exit --validator PUBKEY` asks for it, in the directory of the node',
      });
    },
  };
}
