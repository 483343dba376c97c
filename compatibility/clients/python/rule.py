"""The records that every client writes and finds again; RecordRule.java is the other side of this."""

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
ACKS = ["0", "1", "all"]
FIRST_TIMESTAMP_MS = 1_700_000_000_000
BIG_VALUE = bytes(ord("a") + (at * 7 + at // 1000) % 26 for at in range(1_000_000))
COUNT = 5 * len(CODECS) * len(ACKS)


def records(codec, acks):
    """Five records as (key, value, headers, time stamp in ms)."""
    suffix = f"{codec}-{acks}"
    first = FIRST_TIMESTAMP_MS + 5 * (CODECS.index(codec) * len(ACKS) + ACKS.index(acks))
    return [
        (f"plain-{suffix}".encode(), f"value of {suffix}".encode(), [("codec", codec.encode()), ("empty", b"")], first),
        (f"empty-{suffix}".encode(), b"", [], first + 1),
        (f"null-{suffix}".encode(), None, [], first + 2),
        (f"big-{suffix}".encode(), BIG_VALUE, [], first + 3),
        (None, f"nokey-{suffix}".encode(), [], first + 4),
    ]


def check(found):
    """Fails unless these are the records of the rule, each once, those of one producer in order."""
    places = {}
    for at, record in enumerate(found):
        name = record[0] if record[0] is not None else record[1]
        assert name not in places, f"twice: {shown(record)}"
        places[name] = at
    for codec in CODECS:
        for acks in ACKS:
            before = -1
            for wanted in records(codec, acks):
                name = wanted[0] if wanted[0] is not None else wanted[1]
                assert name in places, f"missing: {shown(wanted)}"
                there = found[places[name]]
                same = wanted[:2] + (sorted(wanted[2]),) + wanted[3:] == there[:2] + (sorted(there[2]),) + there[3:]
                assert same, f"want {shown(wanted)}, found {shown(there)}"
                assert places[name] > before, f"out of order: {shown(there)}"
                before = places[name]
    expect("number of records", COUNT, len(found))


def shown(record):
    key, value, headers, timestamp = record
    value = value if value is None or len(value) <= 64 else f"{len(value)} bytes"
    return f"[key {key}, value {value}, headers {headers}, time stamp {timestamp}]"


def expect(what, wanted, found):
    assert wanted == found, f"{what}: want {wanted!r}, found {found!r}"
