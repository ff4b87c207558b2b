/**
 * Ids of documents, drawn by the client: UUIDv7, which rise with time.
 *
 * A client sends the id with the document, so that an insert that is sent again meets
 * DuplicateKeyError and no second document. Those of one page rise strictly, whatever its clock does.
 */

const TAIL_BITS = 74n;
const TAIL_MASK = (1n << TAIL_BITS) - 1n;
const LOW_MASK = (1n << 62n) - 1n;

/** The last id, without version and variant. */
let last = 0n;

/** Return the next id. */
export function newId() {
  const drawn = random();
  const now = BigInt(Date.now()) << TAIL_BITS;
  last = now > last ? now | (drawn & TAIL_MASK) : last + 1n + (drawn & 0xffffffffn);
  const high = ((last >> TAIL_BITS) << 80n) | (((last >> 62n) & 0xfffn) << 64n);
  const id = high | (7n << 76n) | (2n << 62n) | (last & LOW_MASK);
  const hex = id.toString(16).padStart(32, "0");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function random() {
  const [high, low] = crypto.getRandomValues(new BigUint64Array(2));
  return (high << 64n) | low;
}
