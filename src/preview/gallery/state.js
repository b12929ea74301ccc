// What is looked at stands in the URL's fragment, so that it can be linked, and gone back to. What is as it is at
// first is left out.
const AT_FIRST = {
  view: 'editions', edition: '', tab: 'mail', width: 'both', scheme: 'light', images: 'on',
  find: '', language: '', item: '', sort: 'order', left: '', right: '', severity: '', who: '',
};

const CHOICES = {
  view: ['editions', 'matrix', 'compare', 'skipped', 'findings'],
  tab: ['mail', 'text', 'headers', 'source', 'findings', 'items'],
  width: ['both', 'phone', 'desktop'],
  scheme: ['light', 'dark'],
  images: ['on', 'off'],
  sort: ['order', 'recipients', 'size', 'findings'],
};

const state = { ...AT_FIRST };
const onChange = [];

function fragmentOf(changes) {
  const wanted = { ...state, ...changes };
  const said = Object.entries(wanted).filter(([name, value]) => value !== AT_FIRST[name]);
  return `#${new URLSearchParams(said)}`;
}

function readFragment() {
  const said = new URLSearchParams(location.hash.slice(1));
  const before = { ...state };
  for (const [name, value] of Object.entries(AT_FIRST)) {
    const wanted = said.get(name) ?? value;
    state[name] = CHOICES[name] && !CHOICES[name].includes(wanted) ? value : wanted;
  }
  for (const name of ['edition', 'left', 'right']) {
    if (!editionById.has(state[name])) state[name] = '';
  }
  for (const react of onChange) react(before);
}

// Goes to another place, to which one can come back.
function go(changes) {
  const fragment = fragmentOf(changes);
  if (fragment !== (location.hash || '#')) location.hash = fragment;
}

// The same, in place of where one is: for what is typed, and for what one runs through.
function change(changes) {
  const fragment = fragmentOf(changes);
  if (fragment !== (location.hash || '#')) location.replace(fragment);
}

addEventListener('hashchange', readFragment);
