import { type Hex, toHex } from '@holdfast/units';
import type { BlockRequest, Fork, PropertyProof } from '../requests/types.ts';
import { isValidBranch } from '../roots/merkle.ts';

/**
 * Where the fee recipient stands below a block's body: `.execution_payload.fee_recipient`, or the same field of the
 * header in a blinded block, which has the same index; from Gloas on `.signed_execution_payload_bid.message.fee_recipient`
 * (EIP-7732). Null before the merge.
 *
 * The index moves with the containers: Deneb's payload grew past 16 fields, Gloas made the body progressive (EIP-7688).
 */
export const FEE_RECIPIENT_INDEX: Readonly<Record<Fork, bigint | null>> = {
  phase0: null,
  altair: null,
  bellatrix: 401n,
  capella: 401n,
  deneb: 801n,
  electra: 801n,
  fulu: 801n,
  gloas: 22859n,
};

/**
 * - `proven`: the body of this very block pays `recipient`;
 * - `other`: it was sent in the clear and is not one of those allowed;
 * - `invalid`: a proof was sent that shows none of those allowed;
 * - `absent`: nothing was sent;
 * - `none`: blocks of this fork have no fee recipient.
 */
export type FeeRecipientFinding =
  | { readonly kind: 'proven'; readonly recipient: Hex }
  | { readonly kind: 'other'; readonly recipient: Hex }
  | { readonly kind: 'invalid' | 'absent' | 'none' };

/**
 * What the proofs sent with a header say of the block's fee recipient.
 *
 * The fork is the client's word, and need not be more. Under another fork's index stands either a node inside the tree,
 * which is an address padded with zeros only if sha256 is broken (Bellatrix's index in a payload of Deneb, Gloas' in the
 * deposits of Fulu, any older one in Gloas' active fields), or what lies below the payload's parent hash (Deneb's index in
 * Capella), which only the chain's own can fill. Whoever adds a fork must look at this again.
 *
 * @param allowed addresses in lower-case hex
 */
export function findFeeRecipient(request: BlockRequest, allowed: ReadonlySet<Hex>): FeeRecipientFinding {
  const index = FEE_RECIPIENT_INDEX[request.version];
  if (index === null) return { kind: 'none' };
  const proofs = request.proofs.filter((proof) => proof.index === index);
  if (proofs.length === 0) return { kind: 'absent' };
  let finding: FeeRecipientFinding = { kind: 'invalid' };
  // The body has one fee recipient: were there two proofs, each must show the same.
  for (const proof of proofs) {
    finding = examine(proof, request.header.bodyRoot, allowed);
    if (finding.kind !== 'proven') return finding;
  }
  return finding;
}

function examine(proof: PropertyProof, bodyRoot: Uint8Array, allowed: ReadonlySet<Hex>): FeeRecipientFinding {
  const sent = proof.value === null ? null : addressOf(proof.value);
  if (proof.value !== null && sent === null) return { kind: 'invalid' };
  if (sent !== null && !allowed.has(sent)) return { kind: 'other', recipient: sent };
  // Nimbus leaves the value out: then each allowed address is tried as the leaf.
  for (const recipient of sent === null ? allowed : [sent]) {
    if (isValidBranch(leafOf(recipient), proof.branch, proof.index, bodyRoot)) return { kind: 'proven', recipient };
  }
  return { kind: 'invalid' };
}

/** An address sent as 20 bytes, or as the leaf that it makes. */
function addressOf(value: Uint8Array): Hex | null {
  if (value.length === 20) return toHex(value);
  if (value.length === 32 && value.subarray(20).every((byte) => byte === 0)) return toHex(value.subarray(0, 20));
  return null;
}

const leafOf = (address: Hex): Uint8Array => {
  const leaf = new Uint8Array(32);
  leaf.set(Buffer.from(address.slice(2), 'hex'));
  return leaf;
};
