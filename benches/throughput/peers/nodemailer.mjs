// node nodemailer.mjs PORT PARTS COUNT [CERTIFICATE]
//
// nodemailer as a peer: its pool with ten connections, and each message made from text, HTML and headers as its
// documentation has it. PARTS is a folder with text.txt, page.html and people.csv.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import nodemailer from 'nodemailer';

const CONNECTIONS = 10;
const [port, parts, count, certificate] = process.argv.slice(2);
const read = (name) => readFileSync(join(parts, name), 'utf8');
const [columns, ...rows] = read('people.csv').trimEnd().split('\n').slice(0, Number(count) + 1)
  .map((row) => row.split(','));
const text = read('text.txt');
const page = read('page.html');
const fill = (template, row) => columns.reduce((filled, name, at) => filled.replaceAll(`{{${name}}}`, row[at]), template);

const transport = nodemailer.createTransport({
  host: '127.0.0.1',
  port: Number(port),
  pool: true,
  maxConnections: CONNECTIONS,
  maxMessages: Infinity,
  ...(certificate ? { requireTLS: true, tls: { ca: readFileSync(certificate) } } : { ignoreTLS: true }),
});

// Twice as many at work as there are connections, so that none of them waits for a message to be made.
const people = rows.values();
await Promise.all(Array.from({ length: 2 * CONNECTIONS }, async () => {
  for (const row of people) {
    const [email, name, , , leave] = row;
    await transport.sendMail({
      from: { name: 'Harbour News', address: 'news@example.org' },
      to: { name, address: email },
      envelope: { from: 'bounces@example.org', to: email },
      subject: 'News from the harbour',
      text: fill(text, row),
      html: fill(page, row),
      textEncoding: 'quoted-printable',
      headers: { 'List-Unsubscribe': `<${leave}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
    });
  }
}));
transport.close();
