# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# The files of sealed segments, read without Dipper: pyarrow opens every Parquet file of the data
# directory, the delete files are applied as docs/formats.md says, and what is left must be exactly
# the rows that are alive, value by value. Deletes from before and after the flush, duplicate keys,
# nulls, extremes and dynamic keys are among them.
#
#   python parquet_files.py --uri http://... DATA_DIRECTORY

import json
import struct
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet

from checks import Checks
from full_schema import DIMENSION, full_rows, full_schema

NAME = "parquet_files"
ROWS = 400


def make_rows():
    """Rows of every type: the extremes of full_rows, then random ones."""
    random = np.random.default_rng(11)
    rows = full_rows()
    rows[3]["filled"] = 30
    for i in range(ROWS):
        row = {"pk": 1000 + i, "flag": bool(random.integers(2)), "tiny": int(random.integers(-9, 9))}
        row.update(small=i, medium=-i, large=2**40 + i, single=float(np.float32(random.random())))
        row.update(double=float(random.random()), text="ü" * (i % 7), document={"i": i, "list": [i]})
        row.update(maybe=None if i % 3 else i, word=None if i % 5 else f"w{i}", filled=i)
        row.update(vector=random.standard_normal(DIMENSION).astype(np.float32).tolist())
        rows.append(row | {"color": f"c{i % 4}"})
    return rows


def hidden_rows(folder):
    """Row numbers that the newest delete file of a segment names."""
    files = sorted(folder.glob("del.*.bin"), key=lambda file: int(file.name.split(".")[1]))
    if not files:
        return set()
    image = files[-1].read_bytes()
    magic, version, _, entry_count = struct.unpack_from("<4sIII", image)
    assert (magic, version) == (b"DDL1", 1), (magic, version)
    return {struct.unpack_from("<QIB", image, 64 + 16 * i)[1] for i in range(entry_count)}


def read_segment(folder):
    """A segment's rows that are not hidden, with vectors; and the tables themselves."""
    base = parquet.read_table(folder / "base.parquet")
    vectors = {}
    for file in sorted(folder.glob("vec.*.parquet")):
        vectors[file.name] = parquet.read_table(file)
    hidden = hidden_rows(folder)
    alive = [i for i in range(base.num_rows) if i not in hidden]
    rows = base.to_pylist()
    for table in vectors.values():
        (name,) = table.column_names
        for row, packed in zip(rows, table.column(name).to_pylist()):
            row[name] = np.frombuffer(packed, dtype="<f4").tolist()
    return base, vectors, [rows[i] for i in alive]


def expected_row(row, schema_names):
    dynamic = {key: value for key, value in row.items() if key not in schema_names}
    fixed = {key: value for key, value in row.items() if key in schema_names}
    return fixed | {"$meta": dynamic}


def stored_row(row):
    plain = {key: value for key, value in row.items() if not key.startswith("$")}
    plain["document"] = json.loads(plain["document"])
    return plain | {"$meta": json.loads(row["$meta"])}


def main():
    checks = Checks()
    client = checks.client()
    directory = Path(checks.options.rest[0])
    rows = make_rows()
    with checks.section("writing"):
        client.create_collection(NAME, schema=full_schema(client), num_shards=2)
        client.insert(NAME, rows)
        replaced = [dict(row, text="newer") for row in rows[10:20]]
        client.insert(NAME, replaced)
        client.delete(NAME, ids=[row["pk"] for row in rows[30:40]])
        client.flush(NAME)
        client.delete(NAME, ids=[row["pk"] for row in rows[50:60]])
        client.flush(NAME)
    kept = rows[:10] + replaced + rows[20:30] + rows[40:50] + rows[60:]
    names = [field["name"] for field in client.describe_collection(NAME)["fields"]]
    segments = sorted({file.parent for file in directory.glob("c/*/*/*/base.parquet")})
    checks.true("there are several segments", len(segments) >= 2, segments)
    found = []
    for folder in segments:
        with checks.section(f"segment {folder.relative_to(directory)}"):
            base, vectors, alive = read_segment(folder)
            checks.equal("one vector file", len(vectors), 1)
            for table in vectors.values():
                checks.equal("as many vectors as rows", table.num_rows, base.num_rows)
            keys = base.column("pk").to_pylist()
            checks.equal("sorted by key", keys, sorted(keys))
            found += alive
    stored = {row["pk"]: stored_row(row) for row in found}
    checks.equal("each key once", len(stored), len(found))
    checks.equal("the keys that are alive", sorted(stored), sorted(row["pk"] for row in kept))
    wrong = [row["pk"] for row in kept if stored.get(row["pk"]) != expected_row(row, names)]
    checks.equal("rows that differ", wrong, [])
    for key in wrong[:3]:
        (row,) = (row for row in kept if row["pk"] == key)
        checks.equal(f"row {key}", stored.get(key), expected_row(row, names))
    checks.finish()


if __name__ == "__main__":
    main()
