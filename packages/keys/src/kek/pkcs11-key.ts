import type { Handle, Template } from 'pkcs11js';
import { HsmKeyError } from './errors.ts';
import { type Pkcs11Module, pkcs11Reason } from './pkcs11-module.ts';

const AES_256_BYTES = 32;

/**
 * The token's AES-256 key of that label; made there first when `create` is set and there is none.
 * @throws HsmKeyError when there is none or more than one, or the key could leave the token
 */
export function findKey(module: Pkcs11Module, session: Handle, keyLabel: string, create: boolean): Handle {
  const { api, names } = module;
  api.C_FindObjectsInit(session, [
    { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
    { type: names.CKA_LABEL, value: keyLabel },
  ]);
  const found = api.C_FindObjects(session, 2);
  api.C_FindObjectsFinal(session);
  if (found.length > 1) {
    throw new HsmKeyError('several keys have this label', { data: { keyLabel }, fix: 'Rename or remove one' });
  }
  const key = found[0] ?? (create ? generate(module, session, keyLabel) : undefined);
  if (key === undefined) {
    throw new HsmKeyError('the token has no such key', {
      data: { keyLabel },
      fix: 'Check the label and the token, or have the key made when the store is made',
    });
  }
  check(module, session, key, keyLabel);
  return key;
}

function generate({ api, names }: Pkcs11Module, session: Handle, keyLabel: string): Handle {
  const [yes, no] = [true, false];
  const template: Template = [
    { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
    { type: names.CKA_KEY_TYPE, value: names.CKK_AES },
    { type: names.CKA_VALUE_LEN, value: AES_256_BYTES },
    { type: names.CKA_LABEL, value: keyLabel },
    { type: names.CKA_TOKEN, value: yes },
    { type: names.CKA_PRIVATE, value: yes },
    { type: names.CKA_SENSITIVE, value: yes },
    { type: names.CKA_EXTRACTABLE, value: no },
    { type: names.CKA_ENCRYPT, value: yes },
    { type: names.CKA_DECRYPT, value: yes },
    { type: names.CKA_WRAP, value: no },
    { type: names.CKA_UNWRAP, value: no },
  ];
  try {
    return api.C_GenerateKey(session, { mechanism: names.CKM_AES_KEY_GEN }, template);
  } catch (cause) {
    throw new HsmKeyError('the token makes no such key', { data: { keyLabel, reason: pkcs11Reason(cause) }, cause });
  }
}

/** A key that can be read out, or is not AES-256, would make the seal a pretence. */
function check({ api, names }: Pkcs11Module, session: Handle, key: Handle, keyLabel: string): void {
  const read = (type: number) => api.C_GetAttributeValue(session, key, [{ type }])[0]?.value ?? Buffer.alloc(0);
  let faults: string[];
  try {
    faults = [
      ...(ulong(read(names.CKA_KEY_TYPE)) === names.CKK_AES ? [] : ['not AES']),
      ...(ulong(read(names.CKA_VALUE_LEN)) === AES_256_BYTES ? [] : ['not of 256 bits']),
      ...(read(names.CKA_EXTRACTABLE)[0] === 0 ? [] : ['extractable']),
      ...(read(names.CKA_SENSITIVE)[0] === 1 ? [] : ['not sensitive']),
    ];
  } catch (cause) {
    faults = [`unreadable: ${pkcs11Reason(cause)}`];
  }
  if (faults.length === 0) return;
  throw new HsmKeyError('the key does not suit', {
    data: { keyLabel, faults },
    fix: 'Use an AES-256 key made inside the token, sensitive and not extractable',
  });
}

/** A CK_ULONG as the machine holds it. */
function ulong(value: Buffer): number {
  return value.length === 8 ? Number(value.readBigUInt64LE()) : value.length === 4 ? value.readUInt32LE() : -1;
}
