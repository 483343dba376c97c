// The records that every client writes and finds again; RecordRule.java is the other side of this.
import assert from "node:assert/strict";

export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];
export const ACKS = ["0", "1", "all"];
export const FIRST_TIMESTAMP_MS = 1_700_000_000_000;
export const COUNT = 5 * CODECS.length * ACKS.length;

const bigValue = Buffer.alloc(1_000_000);
for (let at = 0; at < bigValue.length; at++) bigValue[at] = 97 + ((at * 7 + Math.floor(at / 1000)) % 26);

/** Five records in the shape both JavaScript clients take. */
export function records(codec, acks) {
  const suffix = `${codec}-${acks}`;
  const first = FIRST_TIMESTAMP_MS + 5 * (CODECS.indexOf(codec) * ACKS.length + ACKS.indexOf(acks));
  const record = (at, key, value, headers = {}) => ({
    partition: 0,
    key: key === null ? null : `${key}-${suffix}`,
    value,
    headers,
    timestamp: String(first + at),
  });
  return [
    record(0, "plain", `value of ${suffix}`, { codec, empty: "" }),
    record(1, "empty", ""),
    record(2, "null", null),
    record(3, "big", bigValue),
    record(4, null, `nokey-${suffix}`),
  ];
}

const text = (bytes) => (bytes === null || bytes === undefined ? null : bytes.toString());
const nameOf = (record) => text(record.key) ?? text(record.value);

/** A record as it can be compared: all text, headers sorted. */
function plain(record) {
  const value = text(record.value);
  return {
    key: text(record.key),
    value: value === null || value.length <= 64 ? value : value === bigValue.toString() ? "(the big value)" : `(${value.length} others)`,
    headers: Object.entries(record.headers ?? {}).map(([name, of]) => `${name}=${text(of)}`).sort(),
    timestamp: String(record.timestamp),
  };
}

/** Fails unless these are the records of the rule, each once, those of one producer in order. */
export function check(found) {
  const places = new Map();
  found.forEach((record, at) => {
    assert(!places.has(nameOf(record)), `twice: ${nameOf(record)}`);
    places.set(nameOf(record), at);
  });
  for (const codec of CODECS) {
    for (const acks of ACKS) {
      let before = -1;
      for (const wanted of records(codec, acks)) {
        const at = places.get(nameOf(wanted));
        assert(at !== undefined, `missing: ${nameOf(wanted)}`);
        assert.deepEqual(plain(found[at]), plain(wanted));
        assert(at > before, `out of order: ${nameOf(wanted)}`);
        before = at;
      }
    }
  }
  assert.equal(found.length, COUNT, "number of records");
}
