// npm skips an optional package whose `engines` the *host's* Node does not meet, even though this project brings its
// own Node 24. Native parts (the in-process EVM) would then be missing without a word. This fetches exactly those,
// at the version and integrity that package-lock.json pins. It does nothing where npm already installed them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
const libc = musl ? 'musl' : 'glibc';
const fits = (list, value) => !list || list.includes(value);
/** Some packages name their libc only in their name. */
const libcFits = (path, entry) => (entry.libc ? entry.libc.includes(libc) : !(musl ? /-gnu$/ : /-musl$/).test(path));

for (const [path, entry] of Object.entries(lock.packages)) {
  if (!entry.optional || !entry.os || !entry.integrity || existsSync(join(root, path))) continue;
  if (!fits(entry.os, process.platform) || !fits(entry.cpu, process.arch) || !libcFits(path, entry)) continue;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-native-'));
  try {
    const npm = process.env.npm_execpath;
    const args = ['pack', `${name}@${entry.version}`, '--silent', '--pack-destination', scratch];
    if (npm) execFileSync(process.execPath, [npm, ...args], { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
    else execFileSync('npm', args, { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
    const archive = join(scratch, readdirSync(scratch)[0]);
    const [algorithm, expected] = entry.integrity.split(/-(.*)/s);
    const actual = createHash(algorithm).update(readFileSync(archive)).digest('base64');
    if (actual !== expected)
      throw new Error(`${name}@${entry.version}: integrity ${actual}, the lockfile says ${expected}`);
    mkdirSync(join(root, path), { recursive: true });
    execFileSync('tar', ['-xzf', archive, '-C', join(root, path), '--strip-components=1']);
    console.log(`installed ${name}@${entry.version}, which npm left out`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
