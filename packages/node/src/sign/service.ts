import type { Client, SignerService } from '@holdfast/signer';
import { fromHex } from '@holdfast/units';
import type { ShareSigner } from '../cluster/Signing.ts';

/**
 * The signer in this process: policy, durable slashing protection and the share, in this order. It stands below consensus:
 * what the cluster decided is still checked against all that this share ever signed.
 */
export function serviceSigner(service: SignerService, client: Client): ShareSigner {
  return {
    async sign(sharePubkey, request) {
      return fromHex(await service.sign(sharePubkey, request, client), 96);
    },
  };
}
