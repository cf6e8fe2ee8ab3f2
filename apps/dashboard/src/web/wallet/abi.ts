import { parseAbi } from 'viem';

/** What the page calls of the pool. A test holds it equal to the contracts' own bindings. */
export const vaultAbi = parseAbi([
  'function deposit(uint256 assets, address receiver) payable returns (uint256 shares)',
  'error DepositTooSmall(uint256 assets)',
  'error DepositValueWrong(uint256 sent, uint256 assets)',
]);

export const tokenAbi = parseAbi(['function balanceOf(address account) view returns (uint256)']);

export const queueAbi = parseAbi([
  'function requestWithdrawal(uint256 shares, address owner) returns (uint256 id)',
  'function claim(uint256 id, uint256 batch, address to) returns (uint256 assets)',
  'function batchOf(uint256 id) view returns (uint256 low)',
  'error RequestSizeInvalid(uint256 shares, uint256 assets)',
  'error RequestUnknown(uint256 id)',
  'error RequestNotFinalized(uint256 id, uint256 finalizedId)',
  'error ReceiptNotYours(uint256 id, address caller)',
  'error ClaimRefused(address to)',
]);
