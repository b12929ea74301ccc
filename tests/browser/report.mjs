// node tests/browser/report.mjs PAGE...
//
// Looks at reports as browsers show them: the Nu HTML checker, axe-core in headless Chromium on a phone and on a
// desktop, in light and dark, with all tables open; nothing is fetched, refused or wider than the screen, and it
// prints.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const WIDTHS = [375, 1280];
const SCHEMES = ['light', 'dark'];
const GRAVE = ['serious', 'critical'];

const pages = process.argv.slice(2).map((page) => resolve(page));
const faults = new Set();
const fault = (page, text) => faults.add(`${page}: ${text}`);

const vnu = resolve(require.resolve('vnu-jar/package.json'), '../build/dist/vnu.jar');
const options = ['-Xss2m', '-jar', vnu, '--format', 'json', '--stdout', '--exit-zero-always', ...pages];
const { messages } = JSON.parse(execFileSync('java', options, { encoding: 'utf8', maxBuffer: 1 << 28 }));
for (const { url, lastLine, type, message } of messages) {
  if (type === 'error') fault(url, `line ${lastLine}: ${message}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
for (const file of pages) {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      // The page allows no script, and the one that looks at it is ours.
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
      const page = await context.newPage();
      const where = `${width} px, ${colorScheme}`;
      page.on('request', (request) => {
        if (!request.url().startsWith('file:') || !request.isNavigationRequest()) fault(file, `fetches ${request.url()}`);
      });
      page.on('console', (message) => fault(file, `${where}: ${message.text()}`));
      await page.goto(pathToFileURL(file).href);
      for (const summary of await page.locator('summary').all()) await summary.click();
      const broad = await page.evaluate(() => document.documentElement.scrollWidth);
      if (broad > width) fault(file, `${where}: ${broad} px wide`);
      const drawn = await page.locator('svg[role=img]:visible').count();
      if (drawn < 5) fault(file, `${where}: ${drawn} charts can be seen`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run());
      for (const { id, impact, help, nodes } of violations.filter(({ impact }) => GRAVE.includes(impact))) {
        fault(file, `${where}: ${id} (${impact}): ${help}: ${nodes.length} x ${nodes[0].html.slice(0, 200)}`);
      }
      await context.close();
    }
  }
  const page = await browser.newPage();
  await page.goto(pathToFileURL(file).href);
  if ((await page.pdf({ format: 'A4' })).length < 10_000) fault(file, 'prints nothing');
  await page.close();
}
await browser.close();
for (const line of faults) console.error(line);
console.log(`${pages.length} reports, ${faults.size} faults`);
process.exitCode = pages.length > 0 && faults.size === 0 ? 0 : 1;
