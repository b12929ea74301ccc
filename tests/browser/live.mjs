// node tests/browser/live.mjs [BULLETIN]
//
// Writes at a copy of the sample newsletter while `bulletin preview --serve` shows it in headless Chromium: edits
// show, faults come over the page and go, and the page and the mails in it stay where they were scrolled to.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const program = resolve(process.argv[2] ?? process.env.BULLETIN ?? 'target/release/bulletin');
// How long something that must come may take on a machine that is busy.
const PATIENCE = 30_000;
const ISSUE = 'issues/2015-11/en.md';
const pictures = process.env.PICTURES;

const folder = mkdtempSync(join(tmpdir(), 'bulletin-live-'));
for (const part of ['bulletin.toml', 'issues', 'subscribers', 'templates']) {
  cpSync(resolve(part), join(folder, part), { recursive: true });
}
const good = readFileSync(join(folder, ISSUE), 'utf8');
const write = (text) => writeFileSync(join(folder, ISSUE), text);

let checks = 0;
const faults = [];
function check(what, holds, more = '') {
  checks += 1;
  if (!holds) faults.push(`${what}${more === '' ? '' : `: ${more}`}`);
}

function serve(port = '0') {
  const env = { ...process.env, BULLETIN_SECRET: 'a secret for tests alone' };
  const child = spawn(program, ['--dir', folder, 'preview', '2015-11', '--serve', '--port', port], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((done) => child.on('exit', done));
  return new Promise((done, fail) => {
    createInterface({ input: child.stdout }).once('line', (url) => done({ child, url, ended }));
    ended.then(() => fail(new Error('it did not start')));
  });
}

// Before anything else of a page: what its frames show. A mail that is just being loaded can still be another origin's,
// and to ask such a window anything throws; so there is nothing in it until it can be looked at.
const glasses = () => {
  window.inside = (frame) => (frame?.contentDocument?.body ? frame.contentWindow : null);
  window.told = (frame) => window.inside(frame)?.document.body.innerText ?? '';
};

// What stands in the shadow of the script's own element.
const overlay = () => {
  const root = document.querySelector('bulletin-live')?.shadowRoot;
  const dialog = root?.querySelector('dialog');
  const notice = root?.querySelector('.notice');
  return {
    open: dialog?.open ?? false,
    text: dialog?.innerText ?? '',
    role: dialog?.getAttribute('role'),
    focused: root?.activeElement?.id ?? null,
    notice: notice && !notice.hidden ? notice.innerText : null,
  };
};

async function main(page, server) {
  const until = (test, argument) => page.waitForFunction(test, argument, { timeout: PATIENCE });
  const opened = () => until(() => document.querySelector('bulletin-live')?.shadowRoot.querySelector('dialog').open);
  const closed = () => until(() => document.querySelector('bulletin-live')?.shadowRoot.querySelector('dialog').open === false);
  const noticed = (words) => until((words) => {
    const notice = document.querySelector('bulletin-live')?.shadowRoot.querySelector('.notice');
    return notice && !notice.hidden && notice.innerText.includes(words);
  }, words);
  const shows = (words) => until((words) => [...document.querySelectorAll('iframe')].some((frame) => told(frame).includes(words)), words);
  const looked = async (what) => {
    await page.evaluate(axe);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const { violations, passes } = await page.evaluate(() => axe.run('bulletin-live'));
      check(`${what}, ${colorScheme}: there is something to look at`, passes.length > 3, passes.length);
      const grave = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      check(`${what}, ${colorScheme}: nothing that keeps a person out`, grave.length === 0, grave.map(({ id, nodes }) => `${id}: ${nodes[0].failureSummary}`).join('; '));
      if (pictures) await page.screenshot({ path: join(pictures, `live-${what}-${colorScheme}.png`) });
    }
    await page.emulateMedia({ colorScheme: 'light' });
  };

  await page.goto(server.url);
  await shows('Someone who is being trafficked');

  // Where a reader of the page is: down the page, down in a mail, and in a part of the page that scrolls by itself.
  const before = await page.evaluate(() => {
    window.marked = true;
    const frame = [...document.querySelectorAll('iframe')].find((frame) => told(frame).includes('Someone who is being'));
    frame.contentWindow.scrollTo(0, 640);
    const place = Math.min(310, document.documentElement.scrollHeight - innerHeight);
    window.scrollTo(0, place);
    return { page: scrollY, frame: frame.contentWindow.scrollY, title: frame.title };
  });
  check('the mail can be scrolled', before.frame === 640, before.frame);
  const places = () => page.evaluate(({ title }) => {
    const frame = [...document.querySelectorAll('iframe')].find((frame) => frame.title === title);
    return { page: scrollY, frame: inside(frame)?.scrollY, marked: window.marked ?? false };
  }, before);

  write(good.replace('Someone who is being trafficked', 'A person who is being trafficked'));
  await shows('A person who is being trafficked');
  await until(({ title, frame, page }) => {
    const found = [...document.querySelectorAll('iframe')].find((frame) => frame.title === title);
    return Math.abs(scrollY - page) < 2 && Math.abs((inside(found)?.scrollY ?? 0) - frame) < 2;
  }, before).catch(async () => check('page and mail stay where they were', false, JSON.stringify([before, await places()])));
  check('it is another page', (await places()).marked === false);

  // A fault.
  await page.evaluate(() => { window.marked = true; });
  const faulty = good.replace('.policy .workers', '.polcy .workers');
  const line = faulty.split('\n').findIndex((line) => line.includes('.polcy')) + 1;
  write(faulty);
  await opened();
  let seen = await page.evaluate(overlay);
  check('the fault tells file and line', seen.text.includes(`${ISSUE}:${line}`), seen.text);
  check('the fault quotes its line', seen.text.includes('{#priorities .polcy .workers}'), seen.text);
  check('the fault tells the cure', seen.text.includes('did you mean policy?'), seen.text);
  check('it is an alert', seen.role === 'alertdialog', seen.role);
  check('the focus is in it', seen.focused === 'title', seen.focused);
  await looked('fault');
  await page.keyboard.press('Escape');
  await noticed('1 fault to mend');
  check('Esc hides it', !(await page.evaluate(overlay)).open);
  check('the last good preview stays', (await places()).marked === true);
  await looked('hidden');
  await page.locator('bulletin-live .notice button').click();
  await opened();

  // Several faults, one of them in another file.
  write(faulty.replace('.services}', '.servces}'));
  await until(() => document.querySelector('bulletin-live').shadowRoot.querySelector('#title').innerText === '2 faults to mend');
  await page.setViewportSize({ width: 375, height: 740 });
  await looked('narrow');
  const wide = await page.evaluate(() => document.querySelector('bulletin-live').shadowRoot.querySelector('dialog').getBoundingClientRect().width);
  check('it fits a phone', wide <= 375, wide);
  await page.setViewportSize({ width: 1280, height: 800 });

  write(good);
  await closed();
  await shows('Someone who is being trafficked');
  check('nothing is left of the fault', (await page.evaluate(overlay)).notice === null);

  // The program ends, and is started again.
  server.child.kill('SIGINT');
  check('it ends well', (await server.ended) === 0);
  await noticed('The program has ended');
  await looked('ended');
  write(good.replace('Someone who is being trafficked', 'Whoever is being trafficked'));
  Object.assign(server, await serve(new URL(server.url).port));
  await shows('Whoever is being trafficked');
}

// One mail in a tab of its own, down its page.
async function alone(page, server) {
  const manifest = await (await page.request.get(new URL('manifest.json', server.url).href)).json();
  await page.goto(new URL(manifest.editions[0].html, server.url).href);
  await page.evaluate(() => { window.marked = true; scrollTo(0, 700); });
  write(good.replace('Someone who is being trafficked', 'Anybody who is being trafficked'));
  const kept = () => window.marked !== true && document.body.innerText.includes('Anybody who is') && Math.abs(scrollY - 700) < 2;
  await page.waitForFunction(kept, null, { timeout: PATIENCE }).catch((error) => check('a mail in its own tab keeps up', false, error.message));
  check('a mail in its own tab is as wide as before', await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
}

// A page that forbids all but its own, with its mails in itself and a part that scrolls, made of the one that is served.
async function strict(page, server) {
  const rules = "connect-src 'self'; default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  await page.route(server.url, async (route) => {
    const text = await (await route.fetch()).text();
    const own = text.match(/<script src="\/_live[^>]*><\/script>/)[0];
    const asked = async (path) => page.request.get(new URL(path, server.url).href);
    const { editions } = await (await asked('manifest.json')).json();
    const mail = await (await asked(editions[0].html)).text();
    const inside = mail.replace(/<script[^>]*><\/script>/g, '').replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const body = `<!doctype html><html lang="en"><head>${own}<meta http-equiv="Content-Security-Policy" content="${rules}"><title>x</title></head>
      <body><input type="search" aria-label="find"><div id="list" style="height:90px;overflow:auto"><p style="height:900px">list</p></div>
      <iframe sandbox title="mail" style="height:300px;width:600px" srcdoc="${inside}"></iframe></body></html>`;
    await route.fulfill({ contentType: 'text/html; charset=utf-8', body });
  });
  await page.goto(server.url);
  const ready = () => told(document.querySelector('iframe')).includes('being trafficked');
  await page.waitForFunction(ready, null, { timeout: PATIENCE });
  await page.locator('input').fill('Edmonton');
  await page.evaluate(() => {
    window.marked = true;
    document.querySelector('#list').scrollTo(0, 222);
    document.querySelector('iframe').contentWindow.scrollTo(0, 333);
  });
  write(good.replace('Someone who is being trafficked', 'Everybody who is being trafficked'));
  const seen = () => {
    const frame = document.querySelector('iframe');
    return window.marked !== true && told(frame).includes('Everybody who is')
      && [document.querySelector('#list').scrollTop, inside(frame).scrollY, document.querySelector('input').value].join() === '222,333,Edmonton'
      && document.activeElement.localName === 'input';
  };
  await page.waitForFunction(seen, null, { timeout: PATIENCE }).catch((error) => check('a strict page keeps up', false, error.message));
  write(good.replace('.policy .workers', '.polcy .workers'));
  await page.waitForFunction(() => document.querySelector('bulletin-live').shadowRoot.querySelector('dialog').getBoundingClientRect().width > 600, null, { timeout: PATIENCE })
    .catch((error) => check('a strict page shows faults with their style', false, error.message));
  await page.unroute(server.url);
}

async function median(page, server) {
  const times = [];
  write(good);
  await page.goto(server.url);
  for (let turn = 0; turn < 20; turn += 1) {
    const words = `Turn ${turn} for whoever is being trafficked`;
    const start = performance.now();
    write(good.replace('Someone who is being trafficked', words));
    await page.waitForFunction((words) => [...document.querySelectorAll('iframe')].some((frame) => told(frame).includes(words)), words, { timeout: PATIENCE, polling: 5 });
    times.push(performance.now() - start);
    // The next edit is not part of this one's burst, as with a person.
    await page.waitForTimeout(300);
  }
  times.sort((one, other) => one - other);
  console.log(`from the file's change to the mail on the screen, of 20 edits: median ${Math.round(times[10])} ms, slowest ${Math.round(times[19])} ms`);
}

const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.addInitScript(glasses);
  page.on('pageerror', (error) => faults.push(`a script failed: ${error.message}`));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http')) check('nothing is asked of another server', hostname === '127.0.0.1', request.url());
  });
  await main(page, server);
  await alone(page, server);
  await strict(page, server);
  if (process.env.MEDIAN) await median(page, server);
} catch (error) {
  faults.push(error.message);
} finally {
  await browser.close();
  server.child.kill('SIGINT');
  await server.ended;
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of new Set(faults)) console.error(fault);
console.log(`${checks} checks, ${new Set(faults).size} faults`);
process.exitCode = checks > 0 && faults.length === 0 ? 0 : 1;
