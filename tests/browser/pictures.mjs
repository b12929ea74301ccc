// node tests/browser/pictures.mjs PREVIEW_DIR READER_DIR PICTURES_DIR
//
// Draws the gallery for the guide, from a preview of the sample and the page of one of its readers.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [preview, reader, pictures] = process.argv.slice(2).map((path) => resolve(path));
const { editions } = JSON.parse(readFileSync(join(preview, 'manifest.json'), 'utf8'));
const french = editions.find(({ language }) => language === 'fr').id;
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 375, height: 812 };

const SHOTS = [
  ['gallery-editions', preview, '', 'light', DESKTOP],
  ['gallery-dark', preview, `edition=${french}&scheme=dark&images=off`, 'dark', DESKTOP],
  ['gallery-compare', preview, 'view=compare', 'light', DESKTOP],
  ['gallery-matrix', preview, 'view=matrix', 'light', DESKTOP],
  ['gallery-phone', preview, `edition=${french}&width=phone`, 'light', PHONE],
  ['gallery-reader', reader, '', 'light', DESKTOP],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});
for (const [name, folder, fragment, colorScheme, viewport] of SHOTS) {
  const page = await browser.newPage({ viewport, colorScheme });
  await page.goto(`${pathToFileURL(join(folder, 'index.html')).href}#${fragment}`);
  await page.waitForFunction(() => [...document.querySelectorAll('iframe')].every((frame) => frame.hidden || !frame.srcdoc
    || (frame.contentDocument?.readyState === 'complete' && frame.contentDocument.body?.childElementCount > 0)));
  await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); }));
  await page.screenshot({ path: join(pictures, `${name}.png`) });
  await page.close();
}
await browser.close();
