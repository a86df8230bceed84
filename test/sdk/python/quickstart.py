# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# The steps of the official pymilvus quickstart, in its order and with its defaults: nothing is
# tuned for us. The quick form of create_collection asks for an AUTOINDEX and loads the collection.

import numpy as np

from checks import Checks, plain

NAME = "demo_collection"
DIMENSION = 768


def quickstart(checks, client):
    vectors = np.random.default_rng(7).uniform(-1, 1, (3, DIMENSION)).astype(np.float32).tolist()
    texts = [
        "Artificial intelligence was founded as an academic discipline in 1956.",
        "Alan Turing was the first person to conduct substantial research in AI.",
        "Born in Maida Vale, London, Turing was raised in southern England.",
    ]
    if client.has_collection(collection_name=NAME):
        client.drop_collection(collection_name=NAME)
    client.create_collection(collection_name=NAME, dimension=DIMENSION)
    checks.true("create: the collection exists", client.has_collection(NAME))

    rows = [
        {"id": i, "vector": vectors[i], "text": texts[i], "subject": "history"} for i in range(3)
    ]
    inserted = client.insert(collection_name=NAME, data=rows)
    checks.equal("insert: count", inserted["insert_count"], 3)
    checks.equal("insert: ids", list(inserted["ids"]), [0, 1, 2])

    found = client.search(
        NAME, data=[vectors[0]], limit=2, output_fields=["text", "subject"]
    )
    checks.equal("search: one list of hits a query", len(found), 1)
    checks.equal("search: as many hits as asked", len(found[0]), 2)
    checks.equal("search: a vector finds itself first", found[0][0]["id"], 0)
    checks.true(
        "search: cosine of a vector with itself is 1",
        abs(found[0][0]["distance"] - 1) < 1e-4,
        found[0][0]["distance"],
    )
    checks.equal(
        "search: output fields of the winner",
        plain(found[0][0]["entity"]),
        {"text": texts[0], "subject": "history"},
    )
    return vectors


def filtered(checks, client, vectors):
    more = [
        "Machine learning has been used for drug design.",
        "Computational synthesis with AI algorithms predicts molecular properties.",
        "DDR1 is involved in cancers and fibrosis.",
    ]
    drugs = [
        {"id": 3 + i, "vector": vectors[i], "text": more[i], "subject": "biology"}
        for i in range(3)
    ]
    client.insert(collection_name=NAME, data=drugs)
    found = client.search(
        NAME,
        data=[vectors[1]],
        filter="subject == 'biology'",
        limit=2,
        output_fields=["text", "subject"],
    )
    checks.equal("filtered search: best hit", found[0][0]["id"], 4)
    checks.true(
        "filtered search: only what passes the filter",
        all(hit["entity"]["subject"] == "biology" for hit in found[0]),
        found,
    )
    history = client.query(NAME, filter="subject == 'history'", output_fields=["text", "subject"])
    checks.equal("query by filter: ids", sorted(row["id"] for row in history), [0, 1, 2])
    by_ids = client.query(NAME, ids=[0, 2], output_fields=["vector", "text", "subject"])
    checks.equal("query by ids: ids", sorted(row["id"] for row in by_ids), [0, 2])
    first = next(row for row in by_ids if row["id"] == 0)
    checks.equal("query by ids: the vector as stored", plain(first["vector"]), vectors[0])
    got = client.get(NAME, ids=[5])
    checks.equal("get: the row with its dynamic keys", got[0]["text"], more[2])


def deleting(checks, client):
    client.delete(NAME, ids=[0, 2])
    left = client.query(NAME, filter="subject == 'history'", output_fields=["subject"])
    checks.equal("delete by ids", [row["id"] for row in left], [1])
    client.delete(NAME, filter="subject == 'biology'")
    left = client.query(NAME, filter="id >= 0", output_fields=["subject"])
    checks.equal("delete by filter", [row["id"] for row in left], [1])
    client.drop_collection(collection_name=NAME)
    checks.true("drop: the collection is gone", not client.has_collection(NAME))


def main():
    checks = Checks()
    client = checks.client()
    vectors = None
    with checks.section("create, insert, search"):
        vectors = quickstart(checks, client)
    if vectors is not None:
        with checks.section("filters and reads by id"):
            filtered(checks, client, vectors)
        with checks.section("delete and drop"):
            deleting(checks, client)
    checks.finish()


if __name__ == "__main__":
    main()
