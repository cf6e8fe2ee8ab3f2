import { Common, type ParamsConfig, type ParamsDict } from '@ethereumjs/common';

interface Built {
  readonly applied: Set<ParamsDict>;
  readonly byHardfork: Map<string, ParamsConfig>;
}

/** By the parameter object, which all copies of one `Common` share. */
const built = new WeakMap<ParamsDict, Built>();

/**
 * @ethereumjs/common rebuilds its parameter table (some 200 merges of growing objects) each time that any block header,
 * transaction or EVM is made, though always to the same end; that is 80 % of what a block of the client costs. This one
 * remembers the table of each hardfork until parameters that it has not seen come in.
 */
export class MemoCommon extends Common {
  override updateParams(params: ParamsDict): void {
    const memo = built.get(this._params) ?? { applied: new Set(), byHardfork: new Map() };
    built.set(this._params, memo);
    if (!memo.applied.has(params)) {
      super.updateParams(params);
      memo.applied.add(params);
      memo.byHardfork.clear();
    }
    const hardfork = this.hardfork();
    const known = memo.byHardfork.get(hardfork);
    if (known) {
      this._paramsCache = known;
      return;
    }
    this._buildParamsCache();
    memo.byHardfork.set(hardfork, this._paramsCache);
  }
}
