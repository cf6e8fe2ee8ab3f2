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
  return chromium.launch({ executablePath: await packaged.executablePath(), headless: true, args: FLAGS });
}
