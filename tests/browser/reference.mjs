// node tests/browser/reference.mjs FOLDER
//
// Compares, for every X.mjml in FOLDER, X.html, which this program made of it through mrml, with what
// the reference implementation of MJML makes: the same visible text in the same order, and the same
// elements in the same order.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import mjml2html from 'mjml';
import { parse } from 'parse5';

// Known differences, which are left out on both sides.
const IGNORED = new Set([
  // MJML adds some for Outlook in another place and number; none of them shows.
  'style', 'meta', 'link', 'title',
]);

function visible(html) {
  const elements = [];
  let text = '';
  (function walk(node) {
    if (node.nodeName === '#text') text += ` ${node.value}`;
    if (node.tagName && IGNORED.has(node.tagName)) return;
    if (node.tagName) elements.push(node.tagName);
    for (const child of node.childNodes ?? []) walk(child);
  })(parse(html));
  return { elements, text: text.replace(/[\s\u200b-\u200f\u2060\ufeff]+/g, ' ').trim().split(' ') };
}

function difference(ours, theirs) {
  const length = Math.max(ours.length, theirs.length);
  for (let at = 0; at < length; at += 1) {
    if (ours[at] !== theirs[at]) {
      const near = (words) => words.slice(Math.max(0, at - 6), at + 6).join(' ');
      return `ours is "${near(ours)}", the reference's "${near(theirs)}"`;
    }
  }
  return null;
}

const folder = process.argv[2];
const names = readdirSync(folder).filter((name) => name.endsWith('.mjml'));
let faults = 0;
for (const name of names) {
  const reference = await mjml2html(readFileSync(join(folder, name), 'utf8'), { validationLevel: 'strict', fonts: {} });
  const theirs = visible(reference.html);
  const ours = visible(readFileSync(join(folder, name.replace(/mjml$/, 'html')), 'utf8'));
  for (const part of ['text', 'elements']) {
    const found = difference(ours[part], theirs[part]);
    if (found) {
      faults += 1;
      console.error(`${name}: ${part}: ${found}`);
    }
  }
}
console.log(`${names.length} editions compared with the reference MJML, ${faults} differences`);
process.exitCode = names.length > 0 && faults === 0 ? 0 : 1;
