import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

/** Nothing that talks to anybody but the page, nothing that needs a display or a kernel's sandbox. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
  '--no-default-browser-check',
  '--metrics-recording-only',
  '--no-proxy-server',
];

/** A headless Chromium out of an npm package, for tests and pictures. Both packages are development dependencies. */
export async function chromiumBrowser(): Promise<Browser> {
  const [{ chromium }, { default: packaged }] = await Promise.all([
    import('playwright-core'),
    import('@sparticuz/chromium'),
  ]);
  const executablePath = await packaged.executablePath();
  return chromium.launch({ executablePath, headless: true, args: FLAGS, env: { ...process.env, ...(await fonts()) } });
}

/** The system's fonts, and Open Sans, which comes with the package: a bare machine has hardly any. */
async function fonts(): Promise<Record<string, string>> {
  const file = join(await mkdtemp(join(tmpdir(), 'holdfast-fonts-')), 'fonts.conf');
  const dirs = ['/usr/share/fonts', join(tmpdir(), 'fonts')].map((dir) => `<dir>${dir}</dir>`).join('');
  await writeFile(
    file,
    `<?xml version="1.0"?><fontconfig>${dirs}<cachedir>${join(file, '..')}</cachedir></fontconfig>`,
  );
  return { FONTCONFIG_FILE: file };
}
