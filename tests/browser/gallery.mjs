// node tests/browser/gallery.mjs PREVIEW_DIR LARGE_PREVIEW_DIR [READER_PAGE]
//
// Uses the gallery of the sample's preview as a coordinator does, in headless Chromium and from the disk: by mouse,
// by keyboard alone, on a desktop and on a phone; looks into its frames by pixels and computed styles; and asks
// axe-core about every view. LARGE_PREVIEW_DIR holds a preview of two hundred editions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [folder, large, readerPage] = process.argv.slice(2).map((path) => resolve(path));
const read = (from) => JSON.parse(readFileSync(join(from, 'manifest.json'), 'utf8'));
const manifest = read(folder);
const home = pathToFileURL(join(folder, 'index.html')).href;
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 375, height: 812 };
const GRAVE = ['serious', 'critical'];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});

// What went wrong on any page: scripts, policies, and whatever asks for more than the page itself.
const faults = [];

async function open(url, { viewport = DESKTOP, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await context.route('**/*', (route) => {
    const asked = route.request().url();
    if (/^(file|data|about):/.test(asked)) return route.continue();
    faults.push(`asks the net for ${asked}`);
    return route.abort();
  });
  page.on('requestfinished', (request) => {
    const asked = request.url();
    if (!asked.startsWith('data:') && !asked.startsWith('about:') && asked.split('#')[0] !== url.split('#')[0]) faults.push(`asks for ${asked}`);
  });
  page.on('pageerror', (error) => faults.push(`a script fails: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`the console says: ${message.text()}`);
  });
  await page.goto(url);
  await page.waitForSelector('#main > *', { state: 'attached' });
  return page;
}

// The document of a frame, once it shows an edition.
async function mail(page, id, kind = 'phone') {
  const frame = page.locator(`iframe[title="${id} on a ${kind}"]`);
  await frame.waitFor();
  const content = await (await frame.elementHandle()).contentFrame();
  await content.waitForLoadState();
  await content.waitForSelector('body table');
  return content;
}

const selected = (page) => page.locator('[role=option][aria-selected=true] .id').textContent();
const rows = (page) => page.locator('[role=option]').count();
const active = (page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent.trim());
const style = (frame, selector, name) => frame.locator(selector).first().evaluate((node, name) => getComputedStyle(node)[name], name);

// The colour that most pixels of a screenshot have: red, green and blue.
async function ground(locator) {
  const png = (await locator.screenshot()).toString('base64');
  const page = await locator.page().context().newPage();
  const most = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    const [pixel] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
    return [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  }, png);
  await page.close();
  return most;
}

const checks = {
  async 'an edition is chosen by a click, and its two frames alone are there'() {
    const page = await open(home);
    assert.equal(await rows(page), manifest.editions.length);
    assert.equal(await selected(page), manifest.editions[0].id);
    const french = manifest.editions.find(({ language }) => language === 'fr');
    await page.click(`#row-${escaped(french.id)}`);
    const frame = await mail(page, french.id);
    assert.equal(await frame.locator('html').getAttribute('lang'), 'fr');
    assert.equal(await page.locator('iframe').count(), 2);
    assert.equal(await page.locator('.head h2').textContent(), french.subject);
    assert.equal(await frame.evaluate(() => innerWidth), 375);
    const desktop = await mail(page, french.id, 'desktop');
    assert.equal(await desktop.evaluate(() => innerWidth), 660);
    await page.close();
  },

  async 'the list is searched by item, language, subject and id, and sorted'() {
    const page = await open(home);
    const has = (wanted) => manifest.editions.filter(wanted).length;
    for (const [typed, expected] of [
      ['palermo-protocol', has(({ items }) => items.includes('palermo-protocol'))],
      ['traite palermo', has(({ items, language }) => items.includes('palermo-protocol') && language.startsWith('fr'))],
      [manifest.editions[3].id, 1],
      ['no such thing', 0],
      ['', manifest.editions.length],
    ]) {
      await page.fill('#find', typed);
      await page.waitForFunction((expected) => document.querySelectorAll('[role=option]').length === expected, expected);
    }
    await page.locator('label', { hasText: /^Language/ }).locator('select').selectOption('en;fr');
    await page.waitForFunction((expected) => document.querySelectorAll('[role=option]').length === expected, has(({ language }) => language === 'en;fr'));
    await page.locator('label', { hasText: /^Language/ }).locator('select').selectOption('');
    await page.locator('label', { hasText: /^Sorted by/ }).locator('select').selectOption('size');
    const largest = [...manifest.editions].sort((one, other) => other.html_bytes - one.html_bytes)[0];
    await page.waitForFunction((id) => document.querySelector('[role=option] .id').textContent === id, largest.id);
    await page.close();
  },

  async 'a mail is dark where dark is asked for, in a light page and a dark one'() {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(home, { colorScheme });
      const id = manifest.editions[0].id;
      assert.equal(await style(await mail(page, id), 'body', 'backgroundColor'), 'rgb(236, 239, 241)');
      assert.deepEqual(await ground(page.locator('.phone .glass')), [255, 255, 255]);
      await page.getByRole('button', { name: 'Dark', exact: true }).click();
      assert.equal(await style(await mail(page, id), 'body', 'backgroundColor'), 'rgb(17, 24, 28)');
      assert.deepEqual(await ground(page.locator('.phone .glass')), [26, 36, 42]);
      const lit = (await style(page, '.pane', 'backgroundColor')) === 'rgb(255, 255, 255)';
      assert.equal(lit, colorScheme === 'light');
      await page.close();
    }
  },

  async 'without images the words in their places show'() {
    const page = await open(`${home}#edition=${manifest.editions[0].id}`);
    const id = manifest.editions[0].id;
    const drawn = async () => (await mail(page, id)).locator('img').evaluateAll((all) => all.map((image) => image.naturalWidth));
    await page.waitForFunction(() => {
      const images = [...document.querySelector('iframe')?.contentDocument?.images ?? []];
      return images.length > 0 && images.every(({ complete }) => complete);
    });
    const widths = await drawn();
    assert.ok(widths.length > 0 && widths.every((width) => width > 0));
    await page.getByRole('button', { name: 'No images' }).click();
    await page.waitForFunction(() => /images=off/.test(location.hash));
    assert.ok((await drawn()).every((width) => width === 0));
    const alt = (await mail(page, id)).locator('img[alt]:not([alt=""])').first();
    assert.ok((await alt.boundingBox()).height > 0);
    await page.close();
  },

  async 'plain text, headers, source, findings and items stand in tabs'() {
    const page = await open(`${home}#edition=${manifest.editions[0].id}`);
    const panel = page.locator('#panel');
    for (const [tab, said] of [
      ['Plain text', 'Hello Sample Reader'], ['Headers', 'List-Unsubscribe-Post'],
      ['Source', 'Content-Transfer-Encoding: quoted-printable'], ['Findings', 'palermo-protocol'], ['Items', 'Case studies from Alberta'],
    ]) {
      await page.getByRole('tab', { name: tab }).click();
      await page.waitForFunction((said) => document.querySelector('#panel').textContent.includes(said), said);
    }
    assert.equal(await panel.locator('.in').count(), manifest.editions[0].items.length);
    await page.close();
  },

  async 'the matrix has an edition a row and an item a column, and leads to the editions'() {
    const page = await open(`${home}#view=matrix`);
    const ticks = manifest.editions.reduce((sum, { items }) => sum + items.length, 0);
    assert.equal(await page.locator('.matrix .has, .matrix .fallen').count(), ticks);
    await page.getByRole('link', { name: manifest.editions[5].id }).click();
    await mail(page, manifest.editions[5].id);
    await page.close();
  },

  async 'two languages stand side by side, and scroll in step'() {
    const page = await open(home);
    await page.getByRole('navigation').getByRole('link', { name: 'Compare' }).click();
    const frames = page.locator('.pair iframe');
    await page.waitForFunction(() => [...document.querySelectorAll('.pair iframe')].every((frame) => frame.contentDocument?.images.length > 0));
    const [left, right] = await Promise.all([0, 1].map(async (at) => (await frames.nth(at).elementHandle()).contentFrame()));
    assert.equal(await left.locator('html').getAttribute('lang'), 'en');
    assert.equal(await right.locator('html').getAttribute('lang'), 'fr');
    const item = manifest.editions[0].items[4];
    await left.evaluate((item) => document.getElementById(item).scrollIntoView(), item);
    await page.waitForFunction((item) => {
      const [, frame] = document.querySelectorAll('.pair iframe');
      const there = frame.contentDocument?.getElementById(item);
      return there && Math.abs(there.getBoundingClientRect().top) < 4;
    }, item);
    await page.locator('label', { hasText: /^On the right/ }).locator('select').selectOption(manifest.editions.find(({ language }) => language === 'fr;en').id);
    await page.waitForFunction(() => /right=fr/.test(location.hash));
    await page.close();
  },

  async 'a link leads to what was looked at, and back leads back'() {
    const { id } = manifest.editions[8];
    const page = await open(`${home}#edition=${encodeURIComponent(id)}&width=phone&scheme=dark`);
    assert.equal(await style(await mail(page, id), 'body', 'backgroundColor'), 'rgb(17, 24, 28)');
    assert.equal(await page.locator('iframe:visible').count(), 1);
    await page.getByRole('navigation').getByRole('link', { name: /Findings/ }).click();
    await page.waitForSelector('#findings-title');
    await page.getByRole('navigation').getByRole('link', { name: /Matrix/ }).click();
    await page.waitForSelector('#matrix-title');
    await page.goBack();
    await page.waitForSelector('#findings-title');
    await page.goBack();
    await mail(page, id);
    await page.goForward();
    await page.waitForSelector('#findings-title');
    // What nobody can have linked to is as if it were not said.
    await page.goto(`${home}#view=nowhere&edition=en-00000000&tab=%3Cimg%3E`);
    await mail(page, manifest.editions[0].id);
    await page.close();
  },

  async 'everything is reached by keyboard alone'() {
    const page = await open(home);
    await page.keyboard.press('Tab');
    assert.equal(await active(page), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await active(page), 'stage');
    await page.focus('#skip');
    for (let presses = 0; (await active(page)) !== 'rows'; presses += 1) {
      assert.ok(presses < 20, 'the list is not reached');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await mail(page, manifest.editions[2].id);
    assert.equal(await selected(page), manifest.editions[2].id);
    await page.keyboard.press('End');
    await mail(page, manifest.editions.at(-1).id);
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    assert.equal(await active(page), 'stage');
    for (let presses = 0; (await active(page)) !== 'tab-mail'; presses += 1) {
      assert.ok(presses < 20, 'the tabs are not reached');
      await page.keyboard.press('Tab');
    }
    const outline = await page.locator('#tab-mail').evaluate((tab) => getComputedStyle(tab).outlineStyle);
    assert.equal(outline, 'solid', 'the focus is not seen');
    await page.keyboard.press('ArrowRight');
    assert.equal(await active(page), 'tab-text');
    await page.waitForSelector('pre.text');
    await page.close();
  },

  async 'the approval names the digest and the commands, which are copied'() {
    const page = await open(home);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: /^Approve/ }).click();
    const dialog = page.getByRole('dialog');
    const command = `bulletin send ${manifest.issue} --approve ${manifest.digest}`;
    await dialog.getByRole('button', { name: `Copy: ${command}` }).click();
    await page.waitForFunction(() => document.getElementById('said').textContent === 'Copied');
    await page.keyboard.press('Escape');
    assert.equal(await dialog.count(), 0);
    await page.close();
  },

  async 'no address of the list stands in the page'() {
    const list = readFileSync(join(import.meta.dirname, '../../subscribers/subscribers.csv'), 'utf8');
    const page = readFileSync(join(folder, 'index.html'), 'utf8');
    const addresses = list.match(/[^\s,;"]+@[^\s,;"]+/g);
    assert.ok(addresses.length > 50);
    for (const address of addresses) assert.ok(!page.includes(address), address);
  },

  async 'a light page is chosen on a dark system, and stays'() {
    const page = await open(home, { colorScheme: 'dark' });
    await page.click('#appearance');
    assert.equal(await style(page, '.pane', 'backgroundColor'), 'rgb(255, 255, 255)');
    await page.reload();
    assert.equal(await style(page, '.pane', 'backgroundColor'), 'rgb(255, 255, 255)');
    await page.close();
  },

  async 'nothing wants more room than a phone has'() {
    const page = await open(home, { viewport: PHONE });
    assert.ok(await page.locator('.stage').isHidden());
    for (const fragment of ['', `edition=${manifest.editions[0].id}`, `edition=${manifest.editions[0].id}&tab=source`, 'view=matrix', 'view=compare', 'view=skipped', 'view=findings']) {
      await page.goto(`${home}#${fragment}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= PHONE.width, `${fragment} is ${wide} pixels wide`);
    }
    await page.goto(`${home}#edition=${manifest.editions[0].id}`);
    await page.getByRole('link', { name: 'Editions', exact: true }).last().click();
    await page.waitForSelector('#rows:visible');
    await page.close();
  },

  async 'axe finds nothing serious on any view, light or dark, wide or narrow'() {
    const { id } = manifest.editions[0];
    const places = ['', `edition=${id}`, ...['text', 'headers', 'source', 'findings', 'items'].map((tab) => `edition=${id}&tab=${tab}`),
      'view=matrix', 'view=compare', 'view=skipped', 'view=findings'];
    const pages = [[home, places], ...(readerPage ? [[pathToFileURL(readerPage).href, ['', 'tab=text']]] : [])];
    const found = [];
    for (const [url, places] of pages) for (const viewport of [DESKTOP, PHONE]) for (const colorScheme of ['light', 'dark']) {
      const page = await open(url, { viewport, colorScheme });
      await page.evaluate(axe);
      for (const place of places) {
        await page.evaluate((place) => { location.hash = place; }, place);
        await page.waitForFunction(() => [...document.querySelectorAll('iframe')].every((frame) => frame.contentDocument?.readyState === 'complete'));
        // The mails have a check of their own.
        const { violations } = await page.evaluate(() => window.axe.run({ exclude: ['iframe'] }, { resultTypes: ['violations'], iframes: false }));
        for (const { id, impact, nodes } of violations.filter(({ impact }) => GRAVE.includes(impact))) {
          found.push(`${viewport.width} px, ${colorScheme}, #${place}: ${id} (${impact}): ${nodes[0].html.slice(0, 160)}; ${nodes[0].failureSummary.replace(/\s+/g, ' ')}`);
        }
      }
      if (url === home) {
        await page.evaluate(() => document.getElementById('approve').showModal());
        const { violations } = await page.evaluate(() => window.axe.run('#approve', { resultTypes: ['violations'] }));
        found.push(...violations.filter(({ impact }) => GRAVE.includes(impact)).map(({ id, nodes }) => `approve: ${id}: ${nodes[0].html}`));
      }
      await page.close();
    }
    assert.deepEqual(found, []);
  },

  async 'two hundred editions are listed and filtered with two frames in the page'() {
    const many = read(large);
    assert.ok(many.editions.length >= 200);
    const page = await open(pathToFileURL(join(large, 'index.html')).href);
    assert.equal(await rows(page), many.editions.length);
    await mail(page, many.editions[0].id);
    assert.equal(await page.locator('iframe').count(), 2);
    await page.fill('#find', 'palermo-protocol');
    await page.locator('label', { hasText: /^Language/ }).locator('select').selectOption('fr');
    const wanted = many.editions.filter(({ language, items }) => language === 'fr' && items.includes('palermo-protocol')).length;
    await page.waitForFunction((wanted) => document.querySelectorAll('[role=option]').length === wanted, wanted);
    await page.focus('#rows');
    for (let presses = 0; presses < 20; presses += 1) await page.keyboard.press('ArrowDown');
    assert.equal(await page.locator('iframe').count(), 2);
    await page.close();
  },

  async 'the scripts of a mail do not run, and a mail fetches nothing'() {
    const page = await open(home);
    const frame = await mail(page, manifest.editions[0].id);
    await page.evaluate(() => {
      const hostile = '<script>parent.ran = true</script><img src="https://example.org/pixel.png"><img src=x onerror="parent.ran = true"><link rel="stylesheet" href="https://example.org/a.css"><table><tr><td>end</td></tr></table>';
      document.querySelector('iframe').srcdoc = hostile;
    });
    await frame.waitForSelector('text=end');
    assert.equal(await page.evaluate(() => window.ran), undefined);
    faults.splice(0, faults.length, ...faults.filter((fault) => !/the console says: .*(Content Security Policy|sandboxed)/.test(fault)));
    await page.close();
  },

  async 'without scripts a table leads to the mails'() {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(home);
    assert.equal(await page.locator('.plain tbody tr').count(), manifest.editions.length);
    assert.equal(await page.locator('.plain a').first().getAttribute('href'), manifest.editions[0].html);
    await context.close();
  },
};

function escaped(text) {
  return text.replace(/[^\w-]/g, '\\$&');
}

// `ONLY=phone` runs those checks whose sentence has the word.
const wanted = Object.entries(checks).filter(([sentence]) => sentence.includes(process.env.ONLY ?? ''));
let failed = 0;
for (const [sentence, check] of wanted) {
  const before = faults.length;
  try {
    await check();
    assert.deepEqual(faults.slice(before), []);
    console.log(`ok      ${sentence}`);
  } catch (error) {
    failed += 1;
    console.error(`FAILED  ${sentence}\n${error.message}`);
  }
}
await browser.close();
console.log(`${wanted.length} checks of the gallery, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
