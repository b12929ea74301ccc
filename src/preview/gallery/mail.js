// A mail as a document for a frame. Whether it is seen in light or dark, and with images or without, is written
// into it: no browser lets a page from the disk choose that for a frame.
const ALWAYS = '(min-width: 0px)';
const NEVER = '(max-width: 0px)';
// No image: the words in its place show.
const NOTHING = 'data:,';

function withScheme(html, scheme) {
  const query = /\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi;
  const styles = html.replace(/<style[^>]*>[\s\S]*?<\/style>/gi, (style) => style
    .replace(query, (_, asked) => (asked.toLowerCase() === scheme ? ALWAYS : NEVER))
    .replace(/([{;\s])color-scheme:\s*light dark/gi, `$1color-scheme: ${scheme}`));
  return styles.replace(/(<meta name="color-scheme" content=")[^"]*"/i, `$1${scheme}"`);
}

function withImages(html, shown) {
  for (const [name, url] of Object.entries(images)) {
    html = html.replaceAll(name, shown === 'on' ? url : NOTHING);
  }
  return html;
}

// The mail of an edition. Its links open beside the page, and only where someone follows one.
function documentOf(edition, { scheme, images: shown }) {
  return withImages(withScheme(textOf(edition.body), scheme), shown);
}

// The head of the message, field by field, unfolded and decoded (RFC 2047).
function headersOf(edition) {
  const first = edition.outline.find((part) => part.lines);
  const head = textOf(first.lines).split('\n\n')[0];
  return head.replace(/\n[ \t]+/g, ' ').split('\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), decoded(line.slice(colon + 1).trim())];
  });
}

function decoded(value) {
  const joined = value.replace(/\?=\s+=\?/g, '?==?');
  return joined.replace(/=\?utf-8\?(b|q)\?([^?]*)\?=/gi, (word, way, text) => {
    try {
      const octets = way.toLowerCase() === 'b'
        ? atob(text)
        : text.replaceAll('_', ' ').replace(/=([0-9a-f]{2})/gi, (_, octet) => String.fromCharCode(parseInt(octet, 16)));
      return new TextDecoder().decode(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
    } catch {
      return word;
    }
  });
}

// The message for reading: its HTML is broken before blocks, since much of it is one line.
function sourceOf(edition) {
  const broken = (html) => html.replace(/([^\n])(?=<(?:table|tr|td|div|h[1-6]|p|ul|ol|li|style|meta|\/table|!--\[if)\b)/g, '$1\n');
  return edition.outline.map((part) => {
    if (part === 'text') return `${textOf(edition.plain)}\n`;
    if (part === 'html') return `${broken(textOf(edition.body))}\n`;
    if (part.encoded !== undefined) return `[${counted(part.encoded, 'line')} of Base64]\n\n`;
    return textOf(part.lines);
  }).join('');
}
