/**
 * Writes a smaller copy beside each file: `node compress.mjs QUALITY FILE ...`, FILE.gz and FILE.br.
 *
 * Node.js has both ways of compressing; Python has one of them. A copy that saves less than a
 * twentieth is not written: what is compressed already becomes no smaller.
 */

import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import zlib from "node:zlib";

const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);

const [quality, ...files] = process.argv.slice(2);
const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;

for (const file of files) {
  const plain = await readFile(file);
  const params = {
    [BROTLI_PARAM_QUALITY]: Number(quality),
    [BROTLI_PARAM_LGWIN]: 24,
    [BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const smaller = await Promise.all([gzip(plain, { level: 9 }), brotli(plain, { params })]);
  for (const [place, ending] of ["gz", "br"].entries()) {
    const copy = smaller[place];
    if (copy.length < plain.length * 0.95) await writeFile(`${file}.${ending}`, copy);
  }
}
