import type { Scenario } from './pool-scenario-kit.ts';
import { comingScenarios } from './pool-scenarios-coming.ts';
import { countingScenarios } from './pool-scenarios-counting.ts';
import { custodyScenarios } from './pool-scenarios-custody.ts';
import { doorsScenarios } from './pool-scenarios-doors.ts';
import { goingScenarios } from './pool-scenarios-going.ts';
import { queueScenarios } from './pool-scenarios-queue.ts';
import { slashingScenarios } from './pool-scenarios-slashing.ts';

/** Every danger that is played through, by name. Mutants and the deployed code go through the same. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  ...comingScenarios,
  ...countingScenarios,
  ...goingScenarios,
  ...slashingScenarios,
  ...custodyScenarios,
  ...queueScenarios,
  ...doorsScenarios,
};
