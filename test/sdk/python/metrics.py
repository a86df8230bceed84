# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# Search against brute force in numpy, for the three metrics: FLAT must be exact, HNSW must reach a
# floor of recall, and both must report Milvus's scores: the squared distance for L2 in ascending
# order, the inner product and the cosine in descending order. On growing rows, on flushed rows, and
# on a mixture of both with deletes.

import numpy as np
from pymilvus import DataType

from checks import Checks

DIMENSION = 32
ROWS = 3000
LIMIT = 10


def clustered(count, seed):
    random = np.random.default_rng(seed)
    centers = np.random.default_rng(1).standard_normal((40, DIMENSION)) * 2
    noise = random.standard_normal((count, DIMENSION))
    return (centers[random.integers(0, 40, count)] + noise).astype(np.float32)


def scores_of(metric, queries, vectors):
    """Scores of every (query, row) pair in double precision, and the better-is-first sign."""
    q, v = queries.astype(np.float64), vectors.astype(np.float64)
    dots = q @ v.T
    if metric == "IP":
        return dots, -1
    if metric == "COSINE":
        norms = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(v, axis=1)[None, :]
        return dots / norms, -1
    return (q * q).sum(1)[:, None] - 2 * dots + (v * v).sum(1)[None, :], 1


def create(client, name, metric, index_type):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSION)
    index = client.prepare_index_params()
    params = {"M": 16, "efConstruction": 200} if index_type == "HNSW" else {}
    index.add_index("vector", index_type=index_type, metric_type=metric, params=params)
    client.create_collection(name, schema=schema, index_params=index)


def search_and_compare(checks, client, name, metric, queries, vectors, ids, floor, when):
    found = client.search(
        name,
        data=queries.tolist(),
        limit=LIMIT,
        search_params={"metric_type": metric, "params": {"ef": 128}},
        consistency_level="Strong",
    )
    scores, sign = scores_of(metric, queries, vectors)
    order = np.argsort(sign * scores, axis=1, kind="stable")[:, :LIMIT]
    hits = wrong_scores = disordered = 0
    position = {int(key): i for i, key in enumerate(ids)}
    for q, result in enumerate(found):
        wanted = {int(ids[i]) for i in order[q]}
        hits += len(wanted & {hit["id"] for hit in result})
        distances = [hit["distance"] for hit in result]
        disordered += distances != sorted(distances, reverse=sign < 0)
        for hit in result:
            exact = scores[q, position[hit["id"]]] if hit["id"] in position else np.inf
            wrong_scores += abs(hit["distance"] - exact) > 1e-3 * max(1.0, abs(exact))
    recall = hits / (len(queries) * LIMIT)
    checks.true(f"{when}: recall at least {floor}", recall >= floor, f"recall {recall:.4f}")
    checks.equal(f"{when}: wrong scores", int(wrong_scores), 0)
    checks.equal(f"{when}: results out of order", int(disordered), 0)
    checks.true(f"{when}: {LIMIT} hits a query", all(len(r) == LIMIT for r in found))


def one_metric(checks, client, metric, index_type):
    name = f"{index_type}_{metric}".lower()
    floor = 1.0 if index_type == "FLAT" else 0.95
    vectors, queries = clustered(ROWS, 5), clustered(20, 6)
    ids = np.arange(ROWS) * 3
    create(client, name, metric, index_type)
    half = ROWS // 2
    insert(client, name, ids[:half], vectors[:half])
    search_and_compare(
        checks, client, name, metric, queries, vectors[:half], ids[:half], floor, f"{name}, growing"
    )
    client.flush(name)
    search_and_compare(
        checks, client, name, metric, queries, vectors[:half], ids[:half], floor, f"{name}, flushed"
    )
    insert(client, name, ids[half:], vectors[half:])
    gone = ids[::7].tolist()
    client.delete(name, ids=gone)
    keep = np.ones(ROWS, dtype=bool)
    keep[::7] = False
    search_and_compare(
        checks, client, name, metric, queries, vectors[keep], ids[keep], floor, f"{name}, mixed"
    )
    client.drop_collection(name)


def insert(client, name, ids, vectors):
    for start in range(0, len(ids), 500):
        rows = zip(ids[start : start + 500].tolist(), vectors[start : start + 500].tolist())
        client.insert(name, [{"id": key, "vector": vector} for key, vector in rows])


def main():
    checks = Checks()
    client = checks.client()
    for index_type in ["FLAT", "HNSW"]:
        for metric in ["L2", "IP", "COSINE"]:
            with checks.section(f"{index_type} {metric}"):
                one_metric(checks, client, metric, index_type)
    checks.finish()


if __name__ == "__main__":
    main()
