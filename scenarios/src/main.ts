import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

process.env.LODESTAR_PRESET ??= 'minimal';

const HELP = `npm run scenario -- [--adapter edr|engine] [--json FILE] [--quiet]

Plays a pool's whole life on an embedded Ethereum, act by act, without a wall clock:
deployment, deposits, the front-running attack, rewards, a slashing, its proof and
settlement, and everybody's withdrawal, with every gwei accounted for.

  --adapter edr     the EVM inside this process (default)
  --adapter engine  an execution client behind the Engine API
  --json FILE       {adapter, acts, checkpoints, accountedDiffWei}, beside what is printed
  --quiet           print nothing but the verdict

Exit code 0 when every act holds, 1 when one fails, 2 for a bad option.`;

const options = read();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const adapter = options.adapter;
if (adapter !== 'edr' && adapter !== 'engine') {
  console.error(`--adapter ${adapter}: there are edr and engine`);
  process.exit(2);
}
// The preset above must be set before anything of the beacon chain is loaded.
const { runScenario } = await import('./run.ts');
const report = await runScenario({ adapter, ...(options.quiet ? {} : { say: (line: string) => console.log(line) }) });
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
const failed = report.acts.find(({ ok }) => !ok);
const wrong = report.checkpoints.filter(({ diffWei }) => diffWei !== '0').length;
console.log(
  failed
    ? `act ${failed.n} failed on ${adapter}: ${failed.error}`
    : `${report.acts.length} acts hold on ${adapter}, ${report.slots} slots; ${report.checkpoints.length} checkpoints, ${wrong} off the truth; unaccounted: ${report.accountedDiffWei} wei`,
);
process.exit(failed ? 1 : 0);

function read() {
  try {
    const { values } = parseArgs({
      options: {
        adapter: { type: 'string', default: 'edr' },
        json: { type: 'string' },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}
