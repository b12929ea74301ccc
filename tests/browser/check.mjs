// node tests/browser/check.mjs PREVIEW_DIR
//
// Looks at the HTML of every edition of a preview as others see it: the Nu HTML checker, axe-core in
// headless Chromium on a phone and on a desktop, in light and dark, and what the page asks the net for.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);

// What the Nu HTML checker says of every mail, and why a mail needs it.
const ALLOWED = [
  // Outlook for Windows and old webmail read attributes where browsers read CSS.
  /^The “(align|valign|width|border|cellpadding|cellspacing|bgcolor)” attribute on the “(table|td|th|img)” element is obsolete\./,
  // Outlook reads a style sheet only with its type.
  /^The “type” attribute for the “style” element is not needed/,
  // The namespaces of Outlook's conditional comments.
  /^Attribute “xmlns:[vo]” not allowed here\.$/,
  // Properties of Outlook alone, and the older name of color-scheme, which Apple Mail read first.
  /^CSS: “(mso-[a-z-]+|supported-color-schemes)”: Property “\1” doesn't exist\.$/,
  // Written by MJML on a spacer's and divider's cell; it changes nothing.
  /^Attribute “vertical-align” not allowed on element “td” at this point\.$/,
];

const WIDTHS = [375, 600];
const SCHEMES = ['light', 'dark'];
const GRAVE = ['serious', 'critical'];

const folder = resolve(process.argv[2] ?? '');
const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
const pages = manifest.editions.map((edition) => join(folder, edition.html));
const faults = [];
const fault = (page, text) => faults.push(`${page.slice(folder.length + 1)}: ${text}`);

function validate() {
  const vnu = join(require.resolve('vnu-jar/package.json'), '../build/dist/vnu.jar');
  const options = ['-Xss2m', '-jar', vnu, '--format', 'json', '--stdout', '--exit-zero-always', ...pages];
  const report = JSON.parse(execFileSync('java', options, { encoding: 'utf8', maxBuffer: 1 << 28 }));
  for (const { url, lastLine, message } of report.messages) {
    if (!ALLOWED.some((allowed) => allowed.test(message))) {
      fault(decodeURI(url).replace(/^file:(\/\/)?/, ''), `line ${lastLine}: ${message}`);
    }
  }
}

async function browse() {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  let file;
  await context.route('**/*', (route) => {
    const url = route.request().url();
    if (/^(file|data):/.test(url)) return route.continue();
    fault(file, `asks the net for ${url}`);
    return route.abort();
  });
  for (file of pages) {
    await page.goto(pathToFileURL(file).href);
    await page.evaluate(axe);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) fault(file, `is ${wide} pixels wide on a screen of ${width}`);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        // A mail is shown within a page of the mail program: its landmarks are not the mail's.
        const { violations } = await page.evaluate(() => axe.run({ resultTypes: ['violations'], rules: { region: { enabled: false } } }));
        for (const { id, impact, help, nodes } of violations.filter(({ impact }) => GRAVE.includes(impact))) {
          fault(file, `${width} px, ${colorScheme}: ${id} (${impact}): ${help}: ${nodes.length} x ${nodes[0].html.slice(0, 200)}; ${nodes[0].failureSummary.replace(/\s+/g, ' ')}`);
        }
      }
    }
  }
  await browser.close();
}

validate();
await browse();
const seen = [...new Set(faults)];
for (const line of seen) console.error(line);
console.log(`${pages.length} editions, ${seen.length} faults`);
process.exitCode = pages.length > 0 && seen.length === 0 ? 0 : 1;
