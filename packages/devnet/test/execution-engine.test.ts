import { createEmbeddedEthereumjs } from '../src/execution/engine/ethereumjs.ts';
import { describeExecutionCompliance } from './execution-compliance.ts';
import { GENESIS_TIME } from './execution-kit.ts';

describeExecutionCompliance(
  'embedded @ethereumjs/client',
  () => createEmbeddedEthereumjs({ genesisTime: GENESIS_TIME }),
  {
    snapshots: false,
  },
);
