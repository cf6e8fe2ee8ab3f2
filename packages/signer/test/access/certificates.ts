import { X509Certificate } from 'node:crypto';
import './reflect.ts';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const { subtle } = globalThis.crypto;

export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly sha256: string;
}

export interface Authority {
  readonly cert: string;
  issue(commonName: string, options?: { readonly expired?: boolean }): Promise<Identity>;
}

/** A certificate authority of the test's own. */
export async function authority(name: string): Promise<Authority> {
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const [notBefore, notAfter] = validity(false);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  let serial = 1;
  const issue = async (commonName: string, { expired = false } = {}): Promise<Identity> => {
    const pair = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const [from, to] = validity(expired);
    serial += 1;
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString(16).padStart(2, '0'),
      subject: `CN=${commonName}`,
      issuer: own.subject,
      notBefore: from,
      notAfter: to,
      signingAlgorithm: ALGORITHM,
      publicKey: pair.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    });
    const cert = leaf.toString('pem');
    const key = x509.PemConverter.encode(await subtle.exportKey('pkcs8', pair.privateKey), 'PRIVATE KEY');
    return { cert, key, sha256: new X509Certificate(cert).fingerprint256 };
  };
  return { cert: own.toString('pem'), issue };
}

function validity(expired: boolean): [Date, Date] {
  const day = 86_400_000;
  const now = Date.now();
  return expired ? [new Date(now - 2 * day), new Date(now - day)] : [new Date(now - day), new Date(now + day)];
}
