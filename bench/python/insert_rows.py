# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# Inserts the data set through MilvusClient in batches of 1,000 rows. Making the rows is not timed;
# what the client does with them is.
#
#   insert_rows.py URI COLLECTION FOLDER ROWS DIMENSION

import json
import sys
import time

import numpy as np
from pymilvus import MilvusClient


def main():
    uri, collection, folder = sys.argv[1:4]
    count, dimension = int(sys.argv[4]), int(sys.argv[5])
    vectors = np.fromfile(f"{folder}/rows.f32", "<f4").reshape(-1, dimension)
    share = np.fromfile(f"{folder}/share.i64", "<i8")
    client = MilvusClient(uri=uri)
    seconds = 0.0
    for start in range(0, count, 1000):
        rows = [
            {"id": i, "share": int(share[i]), "vector": vectors[i].tolist()}
            for i in range(start, min(start + 1000, count))
        ]
        started = time.perf_counter()
        client.insert(collection, rows)
        seconds += time.perf_counter() - started
    print(json.dumps({"rowsPerSecond": count / seconds}))


if __name__ == "__main__":
    main()
