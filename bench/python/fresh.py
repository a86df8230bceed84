# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# How long after an insert returned a Strong search first finds the row. The vectors are drawn far
# from all others, so the row is its own nearest neighbour as soon as it can be seen.
#
#   fresh.py URI COLLECTION DIMENSION TIMES

import json
import sys
import time

import numpy as np
from pymilvus import MilvusClient

FIRST_KEY = 10_000_000


def main():
    uri, collection = sys.argv[1:3]
    dimension, times = int(sys.argv[3]), int(sys.argv[4])
    source = np.random.default_rng()
    client = MilvusClient(uri=uri)
    waits, tries = [], 0
    base = FIRST_KEY + int(source.integers(0, 2**40))
    for i in range(times + 5):
        vector = source.uniform(1000, 2000, dimension).astype(np.float32).tolist()
        client.insert(collection, [{"id": base + i, "share": 5000, "vector": vector}])
        returned = time.perf_counter()
        while True:
            found = client.search(
                collection,
                data=[vector],
                limit=1,
                search_params={"metric_type": "L2", "params": {"ef": 32}},
                consistency_level="Strong",
            )
            tries += 1
            if found[0] and found[0][0]["id"] == base + i:
                break
        if i >= 5:  # the first ones open connections and caches
            waits.append((time.perf_counter() - returned) * 1000)
    waits.sort()
    figures = {
        "p50Ms": waits[len(waits) // 2],
        "p99Ms": waits[min(len(waits) - 1, int(len(waits) * 0.99))],
        "searchesPerInsert": tries / (times + 5),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
