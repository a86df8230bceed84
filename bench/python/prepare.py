# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# Turns Debian's Fashion-MNIST into flat little-endian files that any client can map, and computes
# the exact neighbours that recall is measured against: of all rows, and of the rows that a random
# filter of 1 % and of 10 % lets pass. Done once for a number of rows; the folder's name carries
# it.
#
#   prepare.py OUT_FOLDER ROWS

import gzip
import json
import pathlib
import sys

import numpy as np

SOURCE = pathlib.Path("/usr/share/datasets/fashion-mnist")
QUERIES = 2000  # the first half is measured, the second half is tuned on
NEIGHBOURS = 10


def images(name):
    with gzip.open(next(SOURCE.glob(f"**/{name}*")), "rb") as file:
        raw = file.read()
    count, height, width = np.frombuffer(raw, ">u4", 3, 4)
    return np.frombuffer(raw, np.uint8, offset=16).reshape(count, height * width)


def nearest(queries, rows, allowed):
    """The exact nearest neighbours in squared distance; exact, since pixels are whole."""
    ids = np.flatnonzero(allowed)
    base = rows[ids].astype(np.float64)
    norms = (base * base).sum(1)
    found = np.empty((len(queries), NEIGHBOURS), np.int32)
    for start in range(0, len(queries), 200):
        part = queries[start : start + 200].astype(np.float64)
        distances = norms[None, :] - 2 * part @ base.T
        best = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        order = np.take_along_axis(distances, best, 1).argsort(1, kind="stable")
        found[start : start + 200] = ids[np.take_along_axis(best, order, 1)]
        print(f"prepare: neighbours {start + len(part)}/{len(queries)}", file=sys.stderr)
    return found


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    rows = images("train-images")[:count]
    queries = images("t10k-images")[:QUERIES]
    share = np.random.default_rng(20240601).integers(0, 1000, len(rows)).astype(np.int64)
    rows.astype("<f4").tofile(folder / "rows.f32")
    queries.astype("<f4").tofile(folder / "queries.f32")
    share.astype("<i8").tofile(folder / "share.i64")
    for name, limit in [("all", 1000), ("percent1", 10), ("percent10", 100)]:
        truth = nearest(queries, rows, share < limit)
        truth.astype("<i4").tofile(folder / f"truth-{name}.i32")
    about = {"rows": len(rows), "queries": len(queries), "dimension": rows.shape[1]}
    (folder / "about.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main()
