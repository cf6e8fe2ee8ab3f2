import { beforeAll, describe, it } from 'vitest';
import { Acts } from '../support/pool-acts.ts';
import { COMPILING, poolCode } from '../support/pool-deploy.ts';
import { scenarios } from '../support/pool-scenarios.ts';
import { World } from '../support/pool-world.ts';

beforeAll(() => poolCode(), COMPILING);

describe('each safeguard, on the pool as it is deployed', () => {
  for (const [name, play] of Object.entries(scenarios)) {
    it(name, async () => {
      const world = await World.start();
      await play(world, new Acts(world));
    });
  }
});
