// What the page shows. Texts of it reach the page as text alone, never as HTML.
const data = JSON.parse(document.getElementById('data').textContent);
const { about, items, editions, findings, skipped, pieces, images, reader } = data;

const itemById = new Map(items.map((item) => [item.id, item]));
const editionById = new Map(editions.map((edition) => [edition.id, edition]));

// Gmail shows so many bytes of a mail's HTML, and hides the rest behind a link.
const CLIPPED = 102 * 1024;

const WEIGHTS = ['error', 'warning', 'info'];

// A text out of the runs that its pieces make.
function textOf(runs) {
  let text = '';
  for (let at = 0; at < runs.length; at += 2) {
    text += pieces.slice(runs[at], runs[at] + runs[at + 1]).join('');
  }
  return text;
}

// Findings that concern an edition: those that name it, and those about a file in one of its languages.
for (const edition of editions) {
  const files = edition.language.split(';').map((language) => `issues/${about.issue}/${language}.md`);
  edition.findings = findings.filter((finding) => finding.editions
    ? finding.editions.includes(edition.id)
    : files.includes(finding.file));
  edition.gravest = WEIGHTS.find((weight) => edition.findings.some(({ severity }) => severity === weight));
  edition.shown = new Map(edition.items.map((item) => [item, '']));
  for (const [item, language] of edition.fallen) edition.shown.set(item, language);
  edition.haystack = [
    edition.id, edition.language, edition.subject,
    ...edition.items.map((item) => `${item} ${itemById.get(item)?.title ?? ''}`),
  ].join('\n').toLowerCase();
}

const languages = [...new Set(editions.map(({ language }) => language))];

const counted = (count, word) => `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
const kib = (bytes) => `${(bytes / 1024).toFixed(bytes < 102400 ? 1 : 0)} KiB`;
