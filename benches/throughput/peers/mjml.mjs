// node mjml.mjs FILE.mjml TIMES
//
// Renders a file so often with the reference implementation of MJML, which is found from this folder or from
// NODE_PATH's first, and prints the median of the seconds that one rendering took.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [file, times] = process.argv.slice(2);
const found = createRequire(pathToFileURL(`${process.env.MJML_FROM}/`)).resolve('mjml');
const module = await import(pathToFileURL(found));
const render = module.default?.default ?? module.default;
const source = readFileSync(file, 'utf8');
const took = [];
for (let at = 0; at < Number(times); at += 1) {
  const start = process.hrtime.bigint();
  await render(source, { fonts: {} });
  took.push(Number(process.hrtime.bigint() - start) / 1e9);
}
took.sort((one, other) => one - other);
console.log(took[took.length >> 1]);
