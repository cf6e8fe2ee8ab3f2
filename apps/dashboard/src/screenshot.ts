import { chromiumBrowser } from './browser.ts';

export interface ScreenshotOptions {
  readonly url: string;
  /** Where the PNG goes. */
  readonly file: string;
  /** CSS pixels. */
  readonly width: number;
  /** CSS pixels; the whole page when left out. */
  readonly height?: number | undefined;
  readonly colorScheme?: 'light' | 'dark' | undefined;
  /** Pixels of the picture for a CSS pixel. Default 1. */
  readonly scale?: number | undefined;
}

/** Where there is no test account and no wallet, there is no balance to wait for. */
const ACCOUNT_MS_MAX = 5_000;

/** Opens a running dashboard in a headless Chromium, waits until it shows live data, and takes its picture. */
export async function screenshot(options: ScreenshotOptions): Promise<void> {
  const { url, file, width, height, colorScheme = 'light', scale = 1 } = options;
  const browser = await chromiumBrowser();
  try {
    const page = await browser.newPage({
      viewport: { width, height: height ?? 900 },
      colorScheme,
      deviceScaleFactor: scale,
      reducedMotion: 'reduce',
      locale: 'en-GB',
    });
    await page.goto(url);
    await page.locator('[data-live="yes"]').waitFor();
    await page.locator('.chart canvas').waitFor();
    await page
      .locator('[data-account="read"]')
      .waitFor({ timeout: ACCOUNT_MS_MAX })
      .catch(() => {});
    await page.screenshot({ path: file, fullPage: height === undefined });
  } finally {
    await browser.close();
  }
}
