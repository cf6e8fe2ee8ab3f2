import type { Hex } from '@holdfast/units';
import { afterAll, beforeAll, describe } from 'vitest';
import type { ExecutionPort } from '../src/execution/port.ts';
import { beaconCompliance } from './execution-compliance-beacon.ts';
import { chainCompliance } from './execution-compliance-chain.ts';
import { clientsOf, SlotDriver } from './execution-kit.ts';

export interface ComplianceOptions {
  readonly snapshots: boolean;
}

/** The adapter under test, with what drives and reads it. */
export class ExecutionBench {
  #open: { readonly driver: SlotDriver; readonly clients: ReturnType<typeof clientsOf> } | undefined;

  /** Tests are declared before there is anything to test. */
  open(port: ExecutionPort): void {
    this.#open = { driver: new SlotDriver(port), clients: clientsOf(port) };
  }

  get driver(): SlotDriver {
    return this.#opened().driver;
  }

  get port(): ExecutionPort {
    return this.#opened().driver.port;
  }

  get clients(): ReturnType<typeof clientsOf> {
    return this.#opened().clients;
  }

  #opened() {
    if (!this.#open) throw new Error('the adapter did not start');
    return this.#open;
  }

  /** Seals a block once the transaction is sent. */
  async seals(hash: Promise<Hex>) {
    const sent = await hash;
    const sealed = await this.driver.next();
    return { sealed, receipt: await this.clients.reader.getTransactionReceipt({ hash: sent }) };
  }

  /** What a request to an EIP-7002 or EIP-7251 contract costs, in wei. */
  async feeOf(contract: Hex): Promise<bigint> {
    return BigInt((await this.port.rpc('eth_call', [{ to: contract }, 'latest'])) as Hex);
  }
}

/** What every execution adapter must do alike. Each adapter's own test file calls this once. */
export function describeExecutionCompliance(
  name: string,
  create: () => Promise<ExecutionPort>,
  options: ComplianceOptions,
): void {
  describe(`${name} as an execution port`, () => {
    const bench = new ExecutionBench();

    beforeAll(async () => bench.open(await create()));
    afterAll(() => bench.port.close());

    beaconCompliance(bench);
    chainCompliance(bench, options.snapshots);
  });
}
