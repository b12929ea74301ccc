// Put into each page of a preview that is served: hears of other previews and of faults, shows faults over the page,
// and reloads it with everything where it was. Nothing is asked of any other server.
(() => {
  'use strict';
  // The run that made this page.
  const at = document.currentScript.dataset.at;
  if (window.top !== window) return;
  const KEPT = `bulletin-live ${location.pathname}`;

  // Where the page was before it was reloaded.

  const kept = take();
  const scrolled = new Set();
  let touched = false;

  function take() {
    try {
      const text = sessionStorage.getItem(KEPT);
      sessionStorage.removeItem(KEPT);
      return text && JSON.parse(text);
    } catch {
      return null;
    }
  }

  // A selector that finds the same element in the next page.
  function path(element) {
    const steps = [];
    for (let node = element; node && node !== document.documentElement; node = node.parentElement) {
      if (node.id) return [`#${CSS.escape(node.id)}`, ...steps].join(' > ');
      const alike = [...(node.parentElement?.children ?? [])].filter((other) => other.localName === node.localName);
      steps.unshift(`${node.localName}:nth-of-type(${alike.indexOf(node) + 1})`);
    }
    return ['html', ...steps].join(' > ');
  }

  const find = (selector) => { try { return document.querySelector(selector); } catch { return null; } };

  // Frames are known by what they show; of those that show the same, by their order.
  function frames() {
    const known = new Map();
    for (const frame of document.querySelectorAll('iframe')) {
      const name = [frame.title, frame.className, frame.getAttribute('src') ?? ''].join('\n');
      let key = name;
      for (let more = 2; known.has(key); more += 1) key = `${name}\n${more}`;
      known.set(key, frame);
    }
    return known;
  }

  const fields = () => document.querySelectorAll('input[type=search], input[type=text], input:not([type]), select');

  function keep() {
    const places = {};
    for (const [key, frame] of frames()) {
      const inner = frame.contentDocument && frame.contentWindow;
      if (inner && (inner.scrollX || inner.scrollY)) places[key] = [inner.scrollX, inner.scrollY];
      // One that was not loaded yet is to be where it had been.
      else if (!inner && kept?.frames[key]) places[key] = kept.frames[key];
    }
    const active = document.activeElement;
    const state = {
      page: [scrollX, scrollY],
      parts: [...scrolled].filter((part) => part.isConnected).map((part) => [path(part), part.scrollLeft, part.scrollTop]),
      frames: places,
      open: [...document.querySelectorAll('details')].map((details) => [path(details), details.open]),
      fields: [...fields()].map((field) => [path(field), field.value]),
      focus: active && active !== document.body && active !== host ? path(active) : null,
    };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(state));
      history.scrollRestoration = 'manual';
    } catch { /* Then the page begins at its top. */ }
  }

  function restore() {
    for (const [selector, open] of kept.open) {
      const details = find(selector);
      if (details && details.open !== open) details.open = open;
    }
    for (const [selector, value] of kept.fields) {
      const field = find(selector);
      if (!field || field.value === value) continue;
      field.value = value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new Event('change', { bubbles: true }));
    }
    if (kept.focus) find(kept.focus)?.focus({ preventScroll: true });
    const until = performance.now() + 2000;
    // What a page builds by itself takes a moment to be as high as it was.
    const settle = () => {
      if (touched) return;
      const [x, y] = kept.page;
      scrollTo({ left: x, top: y, behavior: 'instant' });
      let arrived = Math.abs(scrollY - y) < 2;
      for (const [selector, left, top] of kept.parts) {
        const part = find(selector);
        part?.scrollTo({ left, top, behavior: 'instant' });
        arrived &&= part !== null && Math.abs(part.scrollTop - top) < 2;
      }
      if (!(arrived && document.readyState === 'complete') && performance.now() < until) setTimeout(settle, 30);
      else history.scrollRestoration = 'auto';
    };
    settle();
  }

  addEventListener('scroll', ({ target }) => { if (target instanceof Element) scrolled.add(target); }, { capture: true, passive: true });
  for (const name of ['wheel', 'touchstart', 'pointerdown', 'keydown']) {
    addEventListener(name, () => { touched = true; }, { capture: true, passive: true });
  }

  // The mails in frames: where they are scrolled to can be read by the page around them only when they count as its
  // own. They still run no script.

  const opened = new WeakSet();

  function admit(frame) {
    const rules = frame.sandbox;
    if (frame.hasAttribute('sandbox') && !rules.contains('allow-scripts')) rules.add('allow-same-origin');
  }

  function loaded(frame) {
    if (!frame.contentDocument) {
      if (opened.has(frame) || frame.sandbox.contains('allow-scripts')) return;
      // The rules hold from the next load on.
      opened.add(frame);
      admit(frame);
      if (frame.hasAttribute('srcdoc')) frame.srcdoc = frame.getAttribute('srcdoc');
      else if (frame.hasAttribute('src')) frame.src = frame.getAttribute('src');
      return;
    }
    if (!kept || frame.contentDocument.URL === 'about:blank') return;
    for (const [key, known] of frames()) {
      const place = known === frame && kept.frames[key];
      if (!place) continue;
      frame.contentWindow.scrollTo({ left: place[0], top: place[1], behavior: 'instant' });
      delete kept.frames[key];
    }
  }

  document.addEventListener('load', ({ target }) => { if (target.localName === 'iframe') loaded(target); }, true);
  new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      if (node.localName === 'iframe') admit(node);
      else node.querySelectorAll?.('iframe').forEach(admit);
    }
  }).observe(document, { childList: true, subtree: true });

  // Faults, over the page and apart from its styles.

  const STYLE = `
    :host { all: initial; color-scheme: light dark; }
    * { box-sizing: border-box; }
    dialog, .notice { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
      color: light-dark(#1c2930, #e6ebee); background: light-dark(#ffffff, #1a242a); }
    dialog { width: min(880px, calc(100vw - 24px)); max-height: calc(100vh - 24px); margin: auto; padding: 0; overflow: auto;
      border: 1px solid light-dark(#b9c3c8, #43535c); border-top: 5px solid light-dark(#b3261e, #f2958e); border-radius: 10px;
      box-shadow: 0 12px 48px rgb(0 0 0 / 40%); }
    dialog::backdrop { background: rgb(17 24 28 / 45%); }
    header, section, footer { padding: 16px 24px; }
    section { border-top: 1px solid light-dark(#d3dadd, #34424a); }
    footer { position: sticky; bottom: 0; display: flex; gap: 16px; align-items: center; justify-content: space-between;
      background: inherit; border-top: 1px solid light-dark(#d3dadd, #34424a); padding-block: 12px; }
    h2 { margin: 0; font-size: 20px; line-height: 1.3; }
    h2:focus { outline: none; }
    h3 { margin: 0 0 4px; font-size: 17px; line-height: 1.4; overflow-wrap: anywhere; }
    p { margin: 0; overflow-wrap: anywhere; }
    header p, footer p { color: light-dark(#4c5a63, #a9b6bd); margin-top: 4px; }
    footer p { margin: 0; font-size: 14px; }
    .place, pre { font: 14px/1.55 ui-monospace, Menlo, Consolas, monospace; }
    .place { color: light-dark(#4c5a63, #a9b6bd); }
    .place b { color: light-dark(#a3211a, #f7aaa4); text-transform: capitalize; }
    .place b.warning { color: light-dark(#7a4b00, #f0c060); }
    pre { margin: 10px 0; padding: 8px 0; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
      background: light-dark(#f3f5f6, #11181c); }
    pre span { display: block; padding: 0 12px 0 60px; text-indent: -48px; }
    pre i { display: inline-block; width: 36px; margin-right: 12px; text-indent: 0; text-align: right; font-style: normal;
      color: light-dark(#55646d, #94a3ab); user-select: none; }
    pre span:not(.meant) { overflow: hidden; white-space: pre; text-overflow: ellipsis; }
    code { font: 0.94em ui-monospace, Menlo, Consolas, monospace; padding: 0 4px; border-radius: 4px; background: light-dark(#eceff1, #2a373f); }
    pre .meant { background: light-dark(#fde3e1, #4a2320); font-weight: 600; }
    pre .meant i { color: inherit; }
    pre mark { background: none; color: inherit; text-decoration: underline 3px light-dark(#b3261e, #f2958e);
      text-underline-offset: 4px; }
    .cure { padding-left: 12px; border-left: 3px solid light-dark(#0f6e5c, #7fd1bf); }
    button { font: inherit; font-weight: 600; padding: 6px 16px; border-radius: 6px; cursor: pointer; white-space: nowrap;
      color: light-dark(#ffffff, #11181c); background: light-dark(#0f4c5c, #8fd0df); border: 1px solid transparent; }
    button:focus-visible { outline: 3px solid #e09f3e; outline-offset: 2px; }
    .notice { position: fixed; right: 16px; bottom: 16px; z-index: 2147483647; display: flex; gap: 12px; align-items: center;
      max-width: min(520px, calc(100vw - 32px)); padding: 10px 16px; border-radius: 8px; box-shadow: 0 4px 24px rgb(0 0 0 / 30%);
      border: 1px solid light-dark(#b9c3c8, #43535c); border-left: 5px solid light-dark(#b3261e, #f2958e); }
    .notice[hidden] { display: none; }`;

  const host = document.createElement('bulletin-live');
  const root = host.attachShadow({ mode: 'open' });
  // Sheets that a script makes are not bound by the page's own rules about styles.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  function make(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const title = make('h2', { id: 'title', tabIndex: -1 });
  const about = make('p', { id: 'about', textContent: 'What you see behind this is the last good preview. Mend the files and save: this goes by itself.' });
  const list = make('div');
  const hide = make('button', { type: 'button', textContent: 'Hide' });
  const dialog = make('dialog', {}, make('header', {}, title, about), list,
    make('footer', {}, make('p', { textContent: 'Esc hides this, too.' }), hide));
  dialog.setAttribute('role', 'alertdialog');
  dialog.setAttribute('aria-labelledby', 'title');
  dialog.setAttribute('aria-describedby', 'about');
  const words = make('span');
  const show = make('button', { type: 'button', textContent: 'Show' });
  const notice = make('div', { className: 'notice', hidden: true }, words, show);
  notice.setAttribute('role', 'status');
  root.append(dialog, notice);
  hide.addEventListener('click', () => dialog.close());
  show.addEventListener('click', () => open());
  dialog.addEventListener('close', () => { if (fault) say(`${counted(fault)} to mend. This is the last good preview.`, show); });

  // The faults that there are just now.
  let fault = null;

  const counted = ({ findings, more }) => { const all = findings.length + more; return all === 1 ? '1 fault' : `${all} faults`; };

  function say(text, button = null) {
    words.textContent = text;
    show.hidden = button === null;
    notice.hidden = false;
  }

  function open() {
    notice.hidden = true;
    if (!host.isConnected) document.documentElement.append(host);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    title.focus();
  }

  function quoted({ excerpt, line, column }) {
    if (excerpt.length === 0) return null;
    return make('pre', {}, ...excerpt.map((quote) => {
      const meant = quote.line === line;
      const letters = [...quote.text];
      const from = meant && column && column <= letters.length ? column - 1 : letters.length;
      const text = [letters.slice(0, from).join(''), from < letters.length ? make('mark', { textContent: letters.slice(from).join('') }) : null];
      return make('span', { className: meant ? 'meant' : '' }, make('i', { textContent: quote.line }), ...text);
    }));
  }

  // Text with what stands between backticks set apart.
  const worded = (text) => text.split('`').map((part, at, all) => (
    at % 2 === 0 || at === all.length - 1 ? (at % 2 === 0 ? part : `\`${part}`) : make('code', { textContent: part })));

  function described(finding) {
    const { severity, file, line, column, message, help } = finding;
    const place = [file, line, column].filter((part) => part !== null && part !== undefined).join(':');
    return make('section', {},
      make('p', { className: 'place' }, make('b', { className: severity, textContent: severity }), place ? ` ${place}` : ''),
      make('h3', {}, ...worded(message)), quoted(finding), help ? make('p', { className: 'cure' }, ...worded(help)) : null);
  }

  function faulty(told) {
    const before = fault && JSON.stringify(fault);
    fault = told;
    title.textContent = `${counted(told)} to mend`;
    about.hidden = at.endsWith('-0');
    list.replaceChildren(...told.findings.map(described));
    if (told.more > 0) list.append(make('section', {}, make('p', { textContent: `and ${told.more} more` })));
    // What was hidden stays so until it is another fault.
    if (before !== JSON.stringify(told) || dialog.open) open();
    else dialog.dispatchEvent(new Event('close'));
  }

  function fresh(told) {
    fault = null;
    if (dialog.open) dialog.close();
    notice.hidden = true;
    if (told.page === at) return;
    keep();
    leave();
    location.reload();
  }

  // The stream. Each answer holds one event and then ends; one that ends without is a program that has ended.

  let source = null;
  let again = 0;

  function listen(id) {
    let heard = null;
    const own = new EventSource(`/_live/events?at=${encodeURIComponent(id)}`);
    source = own;
    const hear = (act) => (event) => { heard = event.lastEventId; act(JSON.parse(event.data)); };
    own.addEventListener('fresh', hear(fresh));
    own.addEventListener('fault', hear(faulty));
    own.addEventListener('error', () => {
      own.close();
      if (own !== source) return;
      if (heard !== null) {
        listen(heard);
        return;
      }
      if (!dialog.open) say('The program has ended, so edits no longer show. Start it again, and this page comes back by itself.');
      again = setTimeout(() => listen(''), 1000);
    });
  }

  function leave() {
    clearTimeout(again);
    source?.close();
    source = null;
  }

  function begin() {
    document.documentElement.append(host);
    if (kept) restore();
    listen(at);
  }

  addEventListener('pagehide', leave);
  addEventListener('pageshow', ({ persisted }) => { if (persisted) listen(''); });
  // A browser has few connections for one server. A page that nobody sees gives its own back after a while, and asks
  // again when it is looked at.
  let hidden = 0;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(leave, 5000);
    else if (source === null) listen('');
  });
  // Behind what the page does by itself at this moment.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => setTimeout(begin));
  else begin();
})();
