import './hasher.ts';

export * from './forks.ts';
export * from './layout/forkLayout.ts';
export * from './proofs/balances.ts';
export * from './proofs/branch.ts';
export * from './proofs/header.ts';
export * from './proofs/historical.ts';
export * from './proofs/list.ts';
export * from './proofs/multiproof.ts';
export * from './proofs/pendingDeposits.ts';
export * from './proofs/validator.ts';
export * from './proofs/verify.ts';
export * from './proofs/withdrawals.ts';
export * from './state/LoadedState.ts';
