// The editions as a list: searched, filtered, sorted, and gone through by arrow keys.
const ORDERS = {
  order: () => 0,
  recipients: (one, other) => other.recipients - one.recipients,
  size: (one, other) => other.html_bytes - one.html_bytes,
  findings: (one, other) => rank(one) - rank(other) || other.findings.length - one.findings.length,
};
const rank = ({ gravest }) => (gravest ? WEIGHTS.indexOf(gravest) : WEIGHTS.length);

function matching() {
  const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
  const found = editions.filter((edition) => words.every((word) => edition.haystack.includes(word))
    && (!state.language || edition.language === state.language)
    && (!state.item || edition.shown.has(state.item)));
  return found.sort(ORDERS[state.sort]);
}

// The edition that is looked at: the one that was chosen, or the first of those that are found.
const chosen = () => editionById.get(state.edition) ?? matching()[0] ?? editions[0];

const narrow = matchMedia('(max-width: 760px)');

// What sets an edition apart from the others of its language, whose subject is the same.
function summary(edition) {
  if (edition.items.length === 0) return 'The introduction alone';
  if (edition.items.length === items.length && items.length > 1) return `All ${items.length} items`;
  return edition.items.map((id) => itemById.get(id)?.title ?? id).join(' · ');
}

function editionRow(edition) {
  const total = Math.max(...editions.map(({ recipients }) => recipients), 1);
  const share = el('span', { class: 'share', 'aria-hidden': 'true' }, el('span', {}));
  share.firstChild.style.width = `${Math.max(2, (edition.recipients / total) * 100)}%`;
  const clipped = edition.html_bytes > CLIPPED;
  return el('li', { role: 'option', id: `row-${edition.id}`, class: 'row' },
    el('span', { class: 'top' },
      el('span', { class: 'tag' }, edition.language.replace(';', ' + ')),
      el('span', { class: 'people' }, counted(edition.recipients, 'recipient'))),
    el('span', { class: 'summary', dir: 'auto' }, summary(edition)),
    el('span', { class: 'subject', dir: 'auto' }, edition.subject),
    el('span', { class: 'facts' },
      el('span', { class: 'id' }, edition.id),
      el('span', {}, counted(edition.items.length, 'item')),
      el('span', { class: clipped ? 'grave' : '' }, kib(edition.html_bytes)),
      edition.gravest && badge(counted(edition.findings.length, 'finding'), edition.gravest)),
    share);
}

function list() {
  const rows = new Map(editions.map((edition) => [edition.id, editionRow(edition)]));
  const box = el('ul', { role: 'listbox', class: 'rows', id: 'rows', tabindex: '0', 'aria-label': 'Editions' });
  const count = el('p', { class: 'count', role: 'status' });
  const find = el('input', {
    type: 'search', id: 'find', autocomplete: 'off', spellcheck: 'false', placeholder: 'Subject, item, language or id',
    oninput: () => change({ find: find.value }),
  });
  const byLanguage = select('Language', [option('', 'All'), languages.map((language) => option(language, language.replace(';', ' + ')))],
    (language) => change({ language }));
  const byItem = select('Item', [option('', 'All'), items.map((item) => option(item.id, item.title))], (item) => change({ item }));
  const bySort = select('Sorted by', [
    option('order', 'language'), option('recipients', 'recipients'), option('size', 'size'), option('findings', 'findings'),
  ], (sort) => change({ sort }));
  let active;
  let found = [];

  const activate = (id) => {
    if (active) rows.get(active)?.classList.remove('active');
    active = id;
    rows.get(id)?.classList.add('active');
    if (id) box.setAttribute('aria-activedescendant', `row-${id}`);
    else box.removeAttribute('aria-activedescendant');
    rows.get(id)?.scrollIntoView({ block: 'nearest' });
  };
  box.addEventListener('click', (event) => {
    const row = event.target.closest('.row');
    if (row) go({ edition: row.id.slice('row-'.length) });
  });
  box.addEventListener('keydown', (event) => {
    const at = found.findIndex(({ id }) => id === active);
    const to = {
      ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: found.length - 1, PageDown: at + 8, PageUp: at - 8,
    }[event.key];
    if (event.key === 'Enter' && active) {
      event.preventDefault();
      go({ edition: active });
      byId('stage').focus();
    } else if (to !== undefined && found.length > 0) {
      event.preventDefault();
      const next = found[Math.min(found.length - 1, Math.max(0, to))].id;
      activate(next);
      // On a phone the mail would take the list's place.
      if (!narrow.matches) change({ edition: next });
    }
  });
  const pane = el('section', { class: 'pane', 'aria-label': 'Choose an edition' },
    el('div', { class: 'filters' },
      el('label', { class: 'field wide' }, el('span', {}, 'Search'), find),
      el('div', { class: 'pair' }, byLanguage, bySort), byItem),
    count, box);
  return Object.assign(pane, {
    show() {
      if (document.activeElement !== find) find.value = state.find;
      byLanguage.lastChild.value = state.language;
      byItem.lastChild.value = state.item;
      bySort.lastChild.value = state.sort;
      found = matching();
      const people = found.reduce((sum, { recipients }) => sum + recipients, 0);
      count.textContent = `${counted(found.length, 'edition')}, ${counted(people, 'recipient')}`;
      const wanted = found.map(({ id }) => rows.get(id));
      if (wanted.length !== box.children.length || wanted.some((row, at) => row !== box.children[at])) box.replaceChildren(...wanted);
      const current = chosen().id;
      for (const [id, row] of rows) row.setAttribute('aria-selected', String(id === current));
      activate(found.some(({ id }) => id === current) ? current : found[0]?.id);
    },
  });
}
