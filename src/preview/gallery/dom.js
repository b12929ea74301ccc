// Elements, made of data: strings become text, never HTML.
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(2).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

const byId = (id) => document.getElementById(id);

// A picture of lines, drawn as the text beside it is.
function icon(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

const ICONS = {
  phone: 'M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 18h2',
  desktop: 'M3 5h18v11H3zM9 20h6M12 16v4',
  both: 'M3 5h11v10H3zM6 19h5M17 9h4v10h-4z',
  light: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M19 5l-1.7 1.7M6.7 17.3L5 19',
  dark: 'M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z',
  system: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 3v18M12 7l6 0M12 12h9M12 17h6',
  on: 'M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 6M15.5 9.5h.01',
  off: 'M3 5h18v14H3zM3 3l18 18',
  back: 'M15 5l-7 7 7 7',
  forward: 'M9 5l7 7-7 7',
  out: 'M7 7l10 10M17 7L7 17',
  check: 'M4 12.5l5 5L20 6.5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
};

// One of several, as a row of buttons; the change is heard of by its value.
function switches(label, name, choices) {
  const buttons = choices.map(([value, text]) => el('button', {
    type: 'button', 'data-value': value, title: text, onclick: () => change({ [name]: value }),
  }, icon(ICONS[value]), el('span', {}, text)));
  const group = el('div', { class: 'switches', role: 'group', 'aria-label': label }, buttons);
  group.show = () => {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.value === state[name]));
  };
  return group;
}

function select(label, options, onchange, properties = {}) {
  const field = el('select', { ...properties, onchange: () => onchange(field.value) }, options);
  return el('label', { class: 'field' }, el('span', {}, label), field);
}

const option = (value, text, properties = {}) => el('option', { value, ...properties }, text);

// Says it to those who can't see it.
function say(text) {
  byId('said').textContent = text;
}

// A number in a word's place, with its colour where it weighs.
const badge = (text, kind = '', title) => el('span', { class: `badge ${kind}`, title }, text);

// What stands between backquotes is a word of a file.
function marked(text) {
  return text.split('`').map((part, at) => (at % 2 === 1 ? el('code', {}, part) : part));
}

function empty(text) {
  return el('p', { class: 'empty' }, text);
}

const link = (changes, properties, ...children) => el('a', { href: fragmentOf(changes), ...properties }, ...children);
