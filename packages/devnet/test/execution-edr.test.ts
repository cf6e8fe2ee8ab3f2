import { createEdrExecution } from '../src/execution/edr/edr-execution.ts';
import { describeExecutionCompliance } from './execution-compliance.ts';
import { GENESIS_TIME } from './execution-kit.ts';

describeExecutionCompliance('in-process EDR', () => createEdrExecution({ genesisTime: GENESIS_TIME }), {
  snapshots: true,
});
