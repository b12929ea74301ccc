// Which edition has which item: a row an edition, a column an item.
function matrix() {
  const head = el('tr', {},
    el('th', { scope: 'col', class: 'corner' }, 'Edition'),
    el('th', { scope: 'col', class: 'number' }, 'Recipients'),
    items.map((item) => el('th', { scope: 'col', class: 'tilted' }, el('span', { title: item.title, dir: 'auto' }, item.title))));
  const readers = (item) => editions.reduce((sum, edition) => sum + (edition.shown.has(item.id) ? edition.recipients : 0), 0);
  const sums = el('tr', { class: 'sums' },
    el('th', { scope: 'row' }, 'All editions'),
    el('td', { class: 'number' }, about.recipients.toLocaleString('en')),
    items.map((item) => el('td', { class: readers(item) ? '' : 'grave' }, readers(item).toLocaleString('en'))));
  const rows = editions.map((edition) => el('tr', {},
    el('th', { scope: 'row' },
      link({ view: 'editions', edition: edition.id, tab: 'mail' }, {}, edition.id), ' ',
      edition.gravest && badge(String(edition.findings.length), edition.gravest, 'Findings')),
    el('td', { class: 'number' }, edition.recipients.toLocaleString('en')),
    items.map((item) => {
      const shown = edition.shown.get(item.id);
      if (shown === undefined) return el('td', { class: 'none' }, el('span', { class: 'hidden' }, 'no'));
      if (shown) return el('td', { class: 'fallen' }, el('span', { title: `shown in ${shown}` }, shown));
      return el('td', { class: 'has' }, icon(ICONS.check), el('span', { class: 'hidden' }, 'yes'));
    })));
  return el('section', { class: 'page', 'aria-labelledby': 'matrix-title' },
    el('h2', { id: 'matrix-title' }, 'Items by editions'),
    el('p', { class: 'soft' }, 'A tick: the item is in the edition. A language: it has no translation, and is shown in that one.'),
    el('div', { class: 'scroll grid', tabindex: '0', role: 'region', 'aria-label': 'Items by editions' },
      el('table', { class: 'matrix' }, el('thead', {}, head), el('tbody', {}, sums, rows))));
}
