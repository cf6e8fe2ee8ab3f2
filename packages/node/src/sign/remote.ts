import { fromHex, joinSignals } from '@holdfast/units';
import type { ShareSigner } from '../cluster/Signing.ts';
import { RemoteSignerError } from '../errors.ts';

export interface RemoteSignerOptions {
  /** Base URL of a signer with the Web3Signer eth2 API: `holdfast signer`, or Web3Signer. */
  readonly url: string;
  readonly token?: string;
  /** Milliseconds. A signature later than this is of no use to a duty. */
  readonly timeoutMs?: number;
}

/** The share lies with a remote signer; what it says no to is not signed. */
export function remoteSigner({ url, token, timeoutMs = 4000 }: RemoteSignerOptions): ShareSigner {
  const base = url.replace(/\/+$/, '');
  const headers = {
    'content-type': 'application/json',
    accept: 'text/plain',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  return {
    async sign(sharePubkey, request, signal) {
      using stop = joinSignals(signal, AbortSignal.timeout(timeoutMs));
      const target = `${base}/api/v1/eth2/sign/${sharePubkey}`;
      const body = JSON.stringify(request);
      const answer = await fetch(target, { method: 'POST', headers, body, signal: stop.signal, redirect: 'error' });
      const text = (await answer.text()).slice(0, 2000);
      if (answer.status !== 200) throw new RemoteSignerError(base, answer.status, text);
      const signature = text.trim().startsWith('{')
        ? (JSON.parse(text) as { signature?: unknown }).signature
        : text.trim();
      return fromHex(String(signature), 96);
    },
  };
}
