import { setHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher } from '@chainsafe/persistent-merkle-tree/hasher/hashtree';

// The native SHA-256 is about six times faster than the default on a cold mainnet state. Importing this file installs
// it; the package's entry imports it before anything that builds a tree.
setHasher(hasher);
