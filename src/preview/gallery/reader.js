// The page of one reader: what they get, and why each item is in or out, in the place of the list.
function why() {
  const fact = (name, value) => value && el('div', {}, el('dt', {}, name), el('dd', { dir: 'auto' }, value));
  const gets = reader.outcome === 'gets';
  const shown = reader.items.filter((item) => item.shown).length;
  const surplus = reader.surplus.length > 0 && `line ${reader.surplus.join(', ')}; the first row counts`;
  return el('section', { class: 'pane why', tabindex: '0', 'aria-label': 'The reader' },
    el('div', { class: 'who' },
      el('h2', { dir: 'auto' }, reader.name ?? reader.email),
      el('dl', {},
        fact('Address', reader.email.split('@').flatMap((part, at) => (at === 0 ? [part] : ['@', el('wbr'), part]))),
        fact('Row', `${reader.file}, line ${reader.line}`),
        fact('Again in', surplus),
        fact('Language', reader.languages.join(', ') || 'none listed'),
        fact('Topics', reader.topics.join(', ') || 'none listed: every topic'),
        fact('Asked for by', reader.by_themselves && 'themselves, and not as the list has it')),
      el('p', { class: `outcome ${gets ? 'info' : 'warning'}` },
        gets ? `Gets ${shown} of ${counted(reader.items.length, 'item')}.` : `Gets nothing: ${reader.reason}.`,
        !gets && reader.help && el('span', { class: 'soft' }, ' ', marked(reader.help), '.'))),
    el('ul', { class: 'reasons-of', 'aria-label': 'Items' }, reader.items.map((item) => el('li', { class: item.shown ? 'in' : 'out' },
      item.shown ? icon(ICONS.check) : icon(ICONS.out),
      el('span', {},
        el('strong', { dir: 'auto' }, item.title), ' ', el('span', { class: 'hidden' }, item.shown ? 'is in: ' : 'is out: '),
        el('span', { class: 'soft' }, item.why.join('; ')))))),
    reader.dropped.length > 0 && el('p', { class: 'dropped soft' }, `Dropped, since nothing of them is left: ${reader.dropped.join(', ')}.`));
}
