import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Command, Done, Setup } from './node.ts';

const NODE = join(import.meta.dirname, 'node.ts');

/** n processes that are one cluster. */
export class Group {
  readonly #children: (ChildProcess | undefined)[];

  private constructor(children: ChildProcess[]) {
    this.#children = children;
  }

  static async start(n: number, slotMs: number, genesisTime: number): Promise<Group> {
    const ports = await freePorts(n);
    const children = ports.map((_, self) => {
      const setup: Setup = { self, ports, slotMs, genesisTime };
      return fork(NODE, [JSON.stringify(setup)], { execArgv: ['--no-warnings'] });
    });
    await Promise.all(children.map((child) => once(child, 'message')));
    return new Group(children);
  }

  /** The same of all that live, at once. */
  async all(command: Command): Promise<Done[]> {
    return Promise.all(
      this.#children
        .filter((child) => child !== undefined)
        .map(async (child) => {
          child.send(command);
          const [done] = (await once(child, 'message')) as [Done];
          return done;
        }),
    );
  }

  kill(at: number): void {
    this.#children[at]!.kill('SIGKILL');
    this.#children[at] = undefined;
  }

  close(): void {
    for (const child of this.#children) child?.disconnect();
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
