// Mails in frames as wide as the screens that they stand for. No script of a mail runs, and it has this page's
// policy: it can't fetch anything. Where there is less room, a frame is drawn smaller, and keeps its width.
const WIDTHS = { phone: 375, desktop: 660 };
const NAMES = { phone: 'Phone', desktop: 'Desktop' };
// The rim of a phone, in pixels.
const RIM = 10;

function screen(kind) {
  const frame = el('iframe', { sandbox: 'allow-same-origin allow-popups allow-popups-to-escape-sandbox', tabindex: '0' });
  const caption = el('figcaption', {});
  const figure = el('figure', { class: `screen ${kind}` }, caption, el('div', { class: 'glass' }, frame));
  frame.addEventListener('load', () => lead(frame));
  let shown = '';
  return Object.assign(figure, {
    frame,
    kind,
    show(edition, look = state) {
      const wanted = [edition.id, look.scheme, look.images].join(' ');
      if (wanted === shown) return;
      shown = wanted;
      frame.title = `${edition.id} on a ${kind}`;
      frame.style.colorScheme = look.scheme;
      figure.dataset.scheme = look.scheme;
      frame.srcdoc = documentOf(edition, look);
    },
    fit(room, height) {
      const width = WIDTHS[kind];
      const scale = Math.min(1, room / width);
      frame.style.width = `${width}px`;
      frame.style.height = `${Math.round(height / scale)}px`;
      frame.style.transform = scale < 1 ? `scale(${scale})` : '';
      figure.style.setProperty('--wide', `${Math.round(width * scale)}px`);
      figure.style.setProperty('--high', `${height}px`);
      const drawn = scale < 1 ? `, drawn at ${Math.round(scale * 100)} %` : '';
      caption.textContent = `${NAMES[kind]}, ${width} px${drawn}`;
    },
  });
}

// Links lead to a place of their own, and those within the mail to their place in it.
function lead(frame) {
  const page = frame.contentDocument;
  if (!page) return;
  for (const anchor of page.querySelectorAll('a[href]')) {
    const target = anchor.getAttribute('href');
    if (!target.startsWith('#')) {
      anchor.target = '_blank';
      anchor.rel = 'noopener noreferrer';
      continue;
    }
    anchor.addEventListener('click', (event) => {
      event.preventDefault();
      page.getElementById(decodeURIComponent(target.slice(1)))?.scrollIntoView();
    });
  }
}

// A desk with a phone and a desktop on it, of which those that are wanted are seen.
function desk() {
  const phone = screen('phone');
  const desktop = screen('desktop');
  const screens = [phone, desktop];
  const surface = el('div', { class: 'desk' }, screens);
  let edition;
  const fit = () => {
    const style = getComputedStyle(surface);
    const room = surface.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (room <= 0) return;
    const high = Math.max(480, Math.floor(innerHeight - surface.getBoundingClientRect().top - scrollY - 72));
    const gap = 28;
    const beside = room - WIDTHS.phone - 2 * RIM - gap;
    const stacked = state.width !== 'both' || beside < 400;
    surface.classList.toggle('stacked', stacked);
    phone.fit(Math.min(WIDTHS.phone, stacked ? room - (room < 420 ? 0 : 2 * RIM) : WIDTHS.phone), high);
    desktop.fit(stacked ? room : beside, high);
  };
  new ResizeObserver(fit).observe(surface);
  addEventListener('resize', fit);
  return Object.assign(surface, {
    show(next) {
      edition = next;
      for (const one of screens) {
        const wanted = state.width === 'both' || state.width === one.kind;
        one.hidden = !wanted;
        if (wanted) one.show(edition);
      }
      fit();
    },
  });
}
