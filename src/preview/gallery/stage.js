// The edition that is looked at: its mail in frames, its plain text, headers, source, findings and items.
const TABS = {
  mail: 'Mail', text: 'Plain text', headers: 'Headers', source: 'Source',
  // The page of one reader has its reasons beside the mail.
  ...(reader ? {} : { findings: 'Findings', items: 'Items' }),
};

function tabs(panel) {
  const buttons = Object.entries(TABS).map(([tab, name]) => el('button', {
    type: 'button', role: 'tab', id: `tab-${tab}`, 'data-tab': tab, 'aria-controls': 'panel', onclick: () => go({ tab }),
  }, name));
  const strip = el('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Parts of the mail' }, buttons);
  strip.addEventListener('keydown', (event) => {
    const at = buttons.findIndex(({ dataset }) => dataset.tab === state.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = buttons[(to + buttons.length) % buttons.length];
    change({ tab: next.dataset.tab });
    next.focus();
  });
  return Object.assign(strip, {
    show(edition) {
      for (const button of buttons) {
        const selected = button.dataset.tab === state.tab;
        button.setAttribute('aria-selected', String(selected));
        button.tabIndex = selected ? 0 : -1;
        if (button.dataset.tab === 'findings') {
          button.replaceChildren(TABS.findings, ...(edition.gravest ? [' ', badge(String(edition.findings.length), edition.gravest)] : []));
        }
      }
      panel.setAttribute('aria-labelledby', `tab-${state.tab}`);
    },
  });
}

const toolbar = () => {
  const groups = [
    switches('Screens', 'width', [['both', 'Both'], ['phone', 'Phone'], ['desktop', 'Desktop']]),
    switches('Appearance of the mail', 'scheme', [['light', 'Light'], ['dark', 'Dark']]),
    switches('Images', 'images', [['on', 'Images'], ['off', 'No images']]),
  ];
  return Object.assign(el('div', { class: 'tools' }, groups), { show: () => groups.forEach((group) => group.show()) });
};

// How a mailbox lists it: sender, subject, and the line beside it.
function inboxLine(edition) {
  const from = headersOf(edition).find(([name]) => name.toLowerCase() === 'from')?.[1] ?? '';
  const name = from.replace(/\s*<[^>]*>$/, '').replace(/^"(.*)"$/, '$1');
  return el('p', { class: 'inbox', dir: 'auto' },
    el('span', { class: 'face', 'aria-hidden': 'true' }, [...name][0] ?? ''),
    el('span', { class: 'lines' },
      el('strong', {}, name), ' ',
      el('span', {}, edition.subject), ' ',
      el('span', { class: 'soft' }, edition.preheader)));
}

function text(edition) {
  return el('pre', { class: 'mono text', dir: 'auto', lang: edition.language.split(';')[0], tabindex: '0', 'aria-label': 'Plain text' }, textOf(edition.plain));
}

function headers(edition) {
  const rows = headersOf(edition).map(([name, value]) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', { dir: 'auto' }, value)));
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Headers' },
    el('table', { class: 'table' }, el('tbody', {}, rows)));
}

function source(edition) {
  return el('div', {},
    el('p', { class: 'soft' }, 'Decoded, and broken into lines for reading. ', el('a', { href: edition.eml }, 'The message'), ' has it to the byte.'),
    el('pre', { class: 'mono source', tabindex: '0', 'aria-label': 'Source' }, sourceOf(edition)));
}

function itemsOf(edition) {
  const sections = Map.groupBy(items, ({ section }) => section);
  return el('div', { class: 'sections' }, [...sections].map(([section, within]) => {
    const any = within.some(({ id }) => edition.shown.has(id));
    return el('section', { class: any ? '' : 'dropped' },
      el('h3', {}, el('span', { dir: 'auto' }, section), !any && el('span', { class: 'soft' }, ' · dropped, with its entry in the contents')),
      el('ul', {}, within.map((item) => itemLine(item, edition.shown.get(item.id)))));
  }));
}

// An item, and whether it is in an edition: undefined where it is not, and the language that it fell back to.
function itemLine(item, shown) {
  const inside = shown !== undefined;
  const wants = [
    ...item.topics.map((topic) => badge(topic)), ...item.conditions.map((condition) => badge(condition)),
    item.only && badge(`only ${item.only}`),
  ];
  return el('li', { class: inside ? 'in' : 'out' },
    inside ? icon(ICONS.check) : el('span', { class: 'icon', 'aria-hidden': 'true' }, '·'),
    el('span', {}, el('span', { dir: 'auto' }, item.title), ' ',
      el('span', { class: 'soft' }, inside ? '' : 'not in this edition'), ' ', wants,
      shown && badge(`shown in ${shown}`, 'warning')));
}

function stage() {
  const body = el('div', { class: 'panel', id: 'panel', role: 'tabpanel', tabindex: '-1' });
  const strip = tabs(body);
  const tools = toolbar();
  const surface = desk();
  const titles = el('div', { class: 'titles' });
  const back = link({ edition: '' }, { class: 'back' }, icon(ICONS.back), 'Editions');
  let shown = '';
  const step = (by) => {
    const found = matching();
    const at = found.findIndex(({ id }) => id === chosen().id);
    const next = found[at + by];
    if (next) change({ edition: next.id });
  };
  const steps = el('div', { class: 'steps' },
    el('button', { type: 'button', 'aria-label': 'Previous edition', onclick: () => step(-1) }, icon(ICONS.back)),
    el('button', { type: 'button', 'aria-label': 'Next edition', onclick: () => step(1) }, icon(ICONS.forward)));
  const head = el('header', { class: 'head' }, !reader && back, titles, !reader && steps);
  const pane = el('section', { class: 'stage', id: 'stage', tabindex: '-1', 'aria-label': 'The mail' }, head, strip, tools, body);
  return Object.assign(pane, {
    show() {
      const edition = chosen();
      titles.replaceChildren(
        el('h2', { dir: 'auto' }, edition.subject),
        el('p', { class: 'facts' },
          el('span', { class: 'tag' }, edition.language.replace(';', ' + ')),
          el('span', { class: 'id' }, edition.id),
          !reader && el('span', {}, counted(edition.recipients, 'recipient')),
          el('span', {}, counted(edition.items.length, 'item')),
          el('span', { class: edition.html_bytes > CLIPPED ? 'grave' : '' },
            `${kib(edition.html_bytes)} of HTML${edition.html_bytes > CLIPPED ? ', which Gmail clips' : ''}, ${kib(edition.bytes)} in all`),
          el('span', { class: 'files' },
            el('a', { href: edition.html }, 'HTML'), el('a', { href: edition.text }, 'Text'), el('a', { href: edition.eml }, 'Message'))));
      back.href = fragmentOf({ edition: '' });
      strip.show(edition);
      tools.show();
      tools.hidden = state.tab !== 'mail';
      const wanted = `${edition.id} ${state.tab}`;
      if (state.tab === 'mail') {
        const line = inboxLine(edition);
        if (!body.contains(surface)) body.replaceChildren(line, surface);
        else body.firstChild.replaceWith(line);
        surface.show(edition);
      } else if (wanted !== shown) {
        const parts = { text, headers, source, items: itemsOf, findings: findingsOf };
        body.replaceChildren(parts[state.tab](edition));
      }
      shown = wanted;
    },
  });
}
