// The bar, the views, and what sets them going.
const VIEWS = { editions: 'Editions', matrix: 'Matrix', compare: 'Compare', skipped: 'Skipped', findings: 'Findings' };

// Light or dark for this page alone; the mails have a switch of their own.
function appearance() {
  const order = ['system', 'light', 'dark'];
  const names = { system: 'as the system', light: 'light', dark: 'dark' };
  let kept = 'system';
  // A browser may keep nothing for pages from the disk.
  try { kept = localStorage.getItem('bulletin-appearance') ?? 'system'; } catch { /* Then it begins anew. */ }
  let current = order.includes(kept) ? kept : 'system';
  const button = el('button', { type: 'button', class: 'icon-button', id: 'appearance', onclick: () => {
    current = order[(order.indexOf(current) + 1) % order.length];
    try { localStorage.setItem('bulletin-appearance', current); } catch { /* As above. */ }
    show();
    say(`Page: ${names[current]}`);
  } });
  const show = () => {
    document.documentElement.dataset.appearance = current;
    button.replaceChildren(icon(ICONS[current]));
    button.setAttribute('aria-label', `Appearance of this page: ${names[current]}`);
    button.title = button.getAttribute('aria-label');
  };
  show();
  return button;
}

function start() {
  document.documentElement.classList.add('scripted');
  const counts = { editions: editions.length, skipped: about.skipped, findings: findings.length + about.findings_more };
  const places = {
    editions() {
      const [choice, mail] = [reader ? why() : list(), editions.length > 0 ? stage() : empty(reader ? 'There is no mail for this reader.' : 'Nobody gets this issue.')];
      return Object.assign(el('div', { class: 'editions' }, choice, mail), { show() { choice.show?.(); mail.show?.(); } });
    },
    matrix, compare, skipped: skippedPeople, findings: allFindings,
  };
  const links = Object.entries(VIEWS).map(([view, name]) => el('a', { 'data-view': view }, name,
    counts[view] !== undefined && badge(counts[view].toLocaleString('en'), view === 'findings' ? findings.map(({ severity }) => severity).find((severity) => severity === 'error') ?? '' : '')));
  if (!reader) byId('views').append(...links);
  byId('acts').append(appearance(), ...(reader ? [] : [approval()]));
  byId('skip').addEventListener('click', (event) => {
    event.preventDefault();
    (byId('stage') ?? byId('main')).focus();
  });
  byId('main').tabIndex = -1;
  const made = new Map();
  let current;
  onChange.push(() => {
    if (!made.has(state.view)) made.set(state.view, places[state.view]());
    const view = made.get(state.view);
    if (view !== current) byId('main').replaceChildren(view);
    current = view;
    for (const anchor of links) {
      anchor.href = fragmentOf({ view: anchor.dataset.view });
      if (anchor.dataset.view === state.view) anchor.setAttribute('aria-current', 'page');
      else anchor.removeAttribute('aria-current');
    }
    document.body.dataset.view = state.view;
    document.body.classList.toggle('chosen', state.edition !== '' || reader !== null);
    view.show?.();
  });
  readFragment();
}

start();
