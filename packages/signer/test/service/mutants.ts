/** Safeguards of `service.ts`, each with what the file says without it. Every piece of text occurs once. */
export const MUTANTS: Readonly<Record<string, readonly (readonly [text: string, without: string])[]>> = {
  'the file as it is': [],
  'trusts the root sent': [
    [
      'const root = signingRootOf(request, this.#parts.network);',
      'const root = request.suppliedRoot ?? signingRootOf(request, this.#parts.network);',
    ],
  ],
  'overlooks a root that does not match': [['Buffer.compare(suppliedRoot, root) !== 0', 'false']],
  'asks no policy': [['policy.check(request, { pubkey, client });', '']],
  'asks no gate before the claim': [['gate.check(pubkey);\n    stages.checked', 'stages.checked']],
  'asks no gate after the claim': [['- stages.checked;\n      gate.check(pubkey);', '- stages.checked;']],
  'asks no gate before release': [['gate.check(pubkey);\n    return toHex(signature);', 'return toHex(signature);']],
  'claims nothing': [['if (isSlashable(request)) {', 'if (isSlashable(request) && false) {']],
  'does not wait for the disk': [['await this.#claim(', 'void this.#claim(']],
  'claims after signing': [
    ['await this.#claim(pubkey, request, signingRoot);', ''],
    [
      'stages.signMs = this.#now() - signing;',
      'if (isSlashable(request)) await this.#claim(pubkey, request, signingRoot);',
    ],
  ],
  'claims before policy is asked': [
    [
      'policy.check(request, { pubkey, client });',
      'if (isSlashable(request)) await this.#claim(pubkey, request, signingRoot); policy.check(request, { pubkey, client });',
    ],
  ],
  'overlooks a verdict': [['if (!verdict.allowed) {', 'if (false) {']],
  'takes a failed claim for an allowed one': [
    ["throw answerTo(error, 'slashing protection failed', pubkey);", 'return;'],
  ],
  'signs for another chain': [['refuseOtherChain(request, network);\n', '\n']],
  'shows every key to every client': [['!client.mayUse(pubkey) || ', '']],
  'signs with keys it does not hold': [['!client.mayUse(pubkey) || !keys.has(pubkey)', '!client.mayUse(pubkey)']],
  'gives every type to every client': [['if (!client.mayAsk(request.type)) {', 'if (false) {']],
  'mixes up source and target': [
    ['sourceEpoch: source.epoch, targetEpoch: target.epoch', 'sourceEpoch: target.epoch, targetEpoch: source.epoch'],
  ],
  'lets out what is no signature': [['signature.length !== 96', 'false']],
};
