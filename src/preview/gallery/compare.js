// Two editions beside each other, in two languages as a rule, scrolled in step: item by item where both have
// the item, since a translation is longer or shorter than its original.
const setOf = (edition) => edition.items.join(' ');

// The edition that a comparison with `edition` begins with: another language, and the most items in common.
function counterpart(edition) {
  const common = (other) => other.items.filter((item) => edition.shown.has(item)).length / Math.max(other.items.length, edition.items.length, 1);
  const others = editions.filter(({ language }) => language !== edition.language);
  const single = others.filter(({ language }) => !language.includes(';'));
  const from = single.length > 0 ? single : others.length > 0 ? others : editions;
  return from.reduce((best, other) => (common(other) > common(best) ? other : best), from[0]);
}

// Tops of the items in a frame, from that of its page to its end.
function marks(frame) {
  const page = frame.contentDocument;
  const scroller = page?.scrollingElement;
  if (!scroller) return null;
  const tops = new Map([['', 0]]);
  for (const { id } of items) {
    const place = page.getElementById(id);
    if (place) tops.set(id, place.getBoundingClientRect().top + scroller.scrollTop);
  }
  const end = Math.max(1, scroller.scrollHeight - scroller.clientHeight);
  return { scroller, tops, end };
}

function follow(leader, follower) {
  const [from, to] = [marks(leader), marks(follower)];
  if (!from || !to) return;
  const both = [...from.tops].filter(([id, top]) => to.tops.has(id) && top <= from.end).sort((one, other) => one[1] - other[1]);
  const stops = [...both.map(([id, top]) => [top, Math.min(to.tops.get(id), to.end)]), [from.end, to.end]];
  const at = from.scroller.scrollTop;
  const next = Math.max(1, stops.findIndex(([top]) => top > at));
  const [[before, there], [after, beyond]] = at >= from.end ? stops.slice(-2) : [stops[next - 1], stops[next]];
  const share = Math.min(1, Math.max(0, (at - before) / Math.max(1, after - before)));
  to.scroller.scrollTop = Math.round(there + share * (beyond - there));
}

function compare() {
  const kind = narrow.matches ? 'phone' : 'desktop';
  const screens = [screen(kind), screen(kind)];
  const sets = new Map();
  for (const edition of editions) {
    const set = sets.get(setOf(edition)) ?? { editions: [], people: 0 };
    set.editions.push(edition);
    set.people += edition.recipients;
    sets.set(setOf(edition), set);
  }
  const title = (key) => {
    const ids = key ? key.split(' ') : [];
    if (ids.length === items.length) return `All ${counted(ids.length, 'item')}`;
    const first = itemById.get(ids[0])?.title ?? ids[0] ?? 'No item';
    return ids.length > 1 ? `${counted(ids.length, 'item')}: ${first} …` : first;
  };
  const ordered = [...sets].sort(([, one], [, other]) => other.editions.length - one.editions.length || other.people - one.people);
  const bySet = select('Items', ordered.map(([key, set]) => option(key, `${title(key)} (${set.editions.map(({ language }) => language.replace(';', ' + ')).join(', ')})`)), (key) => {
    const left = sets.get(key).editions[0];
    go({ left: left.id, right: counterpart(left).id });
  });
  const choose = (side, label) => select(label, [], (id) => go({ [side]: id }));
  const left = choose('left', 'On the left');
  const right = choose('right', 'On the right');
  const looks = [
    switches('Appearance of the mails', 'scheme', [['light', 'Light'], ['dark', 'Dark']]),
    switches('Images', 'images', [['on', 'Images'], ['off', 'No images']]),
  ];
  const surface = el('div', { class: 'desk pair' }, screens);
  const difference = el('p', { class: 'soft', role: 'status' });
  const frames = screens.map(({ frame }) => frame);
  let leader = frames[0];
  frames.forEach((frame, at) => {
    const lead = () => { leader = frame; };
    for (const kind of ['pointerenter', 'focus']) frame.addEventListener(kind, lead);
    frame.addEventListener('load', () => {
      const view = frame.contentWindow;
      for (const kind of ['wheel', 'pointerdown', 'keydown', 'touchstart']) view.addEventListener(kind, lead, { passive: true });
      view.addEventListener('scroll', () => {
        if (leader === frame) follow(frame, frames[1 - at]);
      }, { passive: true });
    });
  });
  const fit = () => {
    const room = surface.clientWidth;
    if (room <= 0) return;
    const high = Math.max(420, Math.floor(innerHeight - surface.getBoundingClientRect().top - scrollY - 60));
    for (const one of screens) one.fit(Math.floor((room - (room < 700 ? 12 : 24)) / 2), high);
  };
  new ResizeObserver(fit).observe(surface);
  addEventListener('resize', fit);
  const grouped = (current, other) => {
    const entry = (edition) => option(edition.id, `${edition.language.replace(';', ' + ')} · ${counted(edition.items.length, 'item')} · ${edition.id}`);
    const same = editions.filter((edition) => setOf(edition) === setOf(other));
    const rest = editions.filter((edition) => setOf(edition) !== setOf(other));
    return [
      el('optgroup', { label: 'The same items' }, same.map(entry)),
      rest.length > 0 && el('optgroup', { label: 'Other items' }, rest.map(entry)),
    ].filter(Boolean);
  };
  const pane = el('section', { class: 'page', 'aria-labelledby': 'compare-title' },
    el('h2', { id: 'compare-title' }, 'Side by side'),
    el('div', { class: 'choices' }, bySet, left, right, el('div', { class: 'tools' }, looks)),
    difference, surface);
  return Object.assign(pane, {
    show() {
      const one = editionById.get(state.left) ?? ordered[0]?.[1].editions[0];
      if (!one) return;
      const other = editionById.get(state.right) ?? counterpart(one);
      bySet.lastChild.value = setOf(one);
      left.lastChild.replaceChildren(...grouped(one, one));
      right.lastChild.replaceChildren(...grouped(other, one));
      left.lastChild.value = one.id;
      right.lastChild.value = other.id;
      looks.forEach((look) => look.show());
      const only = (edition, than) => edition.items.filter((item) => !than.shown.has(item));
      const told = [[one, only(one, other)], [other, only(other, one)]].filter(([, more]) => more.length > 0)
        .map(([edition, more]) => `only in ${edition.id}: ${more.join(', ')}`);
      difference.textContent = told.length === 0 ? 'Both have the same items. They scroll in step.' : `They scroll in step; ${told.join('; ')}.`;
      [one, other].forEach((edition, at) => {
        screens[at].show(edition);
        screens[at].frame.title = `${edition.id}, ${at === 0 ? 'left' : 'right'}`;
      });
      fit();
    },
  });
}
