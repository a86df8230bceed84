# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# Reading: limits and offsets, output fields, count(*), consistency levels, reads right after
# writes, and Milvus's rule for duplicate keys (the newest row is read, count(*) counts them all).

import random
import threading

from pymilvus import DataType

from checks import Checks, plain

NAME = "reads"
LITE_COUNT = "Milvus Lite replaces rows of the same key"


def make(client):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("n", DataType.INT64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(NAME, schema=schema, index_params=index)


def row(key, n=None):
    number = key if n is None else n
    return {"id": key, "n": number, "vector": [float(key), 0.0], "even": key % 2 == 0}


def count(client, text=""):
    got = client.query(
        NAME, filter=text, output_fields=["count(*)"], consistency_level="Strong"
    )
    return got[0]["count(*)"]


def query(client, text, **more):
    return client.query(NAME, filter=text, consistency_level="Strong", **more)


def limits(checks, client):
    client.insert(NAME, [row(key) for key in range(50)])
    checks.equal("query: limit", len(query(client, "id >= 0", limit=7)), 7)
    seen = []
    for offset in range(0, 50, 20):
        page = query(client, "id >= 0", limit=20, offset=offset)
        seen += [item["id"] for item in page]
    checks.equal("query: pages cover all rows once", sorted(seen), list(range(50)))
    checks.equal("query: offset past the end", query(client, "id >= 0", limit=5, offset=99), [])
    checks.equal("query: no limit", len(query(client, "id >= 0")), 50)
    checks.equal("query: nothing found", query(client, "id > 1000"), [])
    checks.equal("query: limit without a filter", len(query(client, "", limit=9)), 9)
    first = client.search(NAME, data=[[0.0, 0.0]], limit=10, consistency_level="Strong")
    paged = client.search(
        NAME, data=[[0.0, 0.0]], limit=6, offset=4, consistency_level="Strong"
    )
    checks.equal(
        "search: offset skips the best",
        [hit["id"] for hit in paged[0]],
        [hit["id"] for hit in first[0]][4:10],
    )
    none = client.search(
        NAME, data=[[0.0, 0.0], [1.0, 0.0]], filter="id > 999", consistency_level="Strong"
    )
    checks.equal("search: empty lists, one a query", [len(hits) for hits in none], [0, 0])
    all_of_it = client.search(NAME, data=[[0.0, 0.0]], limit=100, consistency_level="Strong")
    checks.equal("search: limit above the row count", len(all_of_it[0]), 50)
    checks.equal("search: ascending", [hit["id"] for hit in all_of_it[0]], list(range(50)))


def outputs(checks, client):
    got = query(client, "id == 3", output_fields=["n"])
    checks.equal("output: the key comes along", plain(got), [{"id": 3, "n": 3}])
    got = query(client, "id == 3", output_fields=["*"])
    wanted = {"id": 3, "n": 3, "vector": [3.0, 0.0], "even": False}
    checks.equal("output: * is everything", plain(got), [wanted])
    got = query(client, "id == 4", output_fields=["even"])
    checks.equal("output: one dynamic key", plain(got), [{"id": 4, "even": True}])
    hit = client.search(
        NAME, data=[[4.0, 0.0]], limit=1, output_fields=["n", "even"], consistency_level="Strong"
    )[0][0]
    checks.equal("output: of a search", plain(hit["entity"]), {"n": 4, "even": True})


def counting(checks, client):
    checks.equal("count(*): everything", count(client), 50)
    checks.equal("count(*): filtered", count(client, "n < 10"), 10)
    client.delete(NAME, ids=[0, 1, 2])
    checks.equal("count(*): without the deleted", count(client), 47)
    client.insert(NAME, [row(10, 1000), row(11, 1100)])
    checks.equal("duplicates: counted", count(client), 49, LITE_COUNT)
    got = query(client, "id in [10, 11]", output_fields=["n"])
    newest = sorted((item["id"], item["n"]) for item in got)
    checks.equal("duplicates: the newest is read", newest, [(10, 1000), (11, 1100)])
    checks.equal("duplicates: the older do not match", query(client, "n == 10"), [])
    client.flush(NAME)
    checks.equal("duplicates: counted after a flush", count(client), 49, LITE_COUNT)
    client.insert(NAME, [row(10, 2000)])
    got = query(client, "id == 10", output_fields=["n"])
    checks.equal("duplicates: newest over flushed", [item["n"] for item in got], [2000])
    hits = client.search(NAME, data=[[10.0, 0.0]], limit=3, consistency_level="Strong")[0]
    found = [hit["id"] for hit in hits]
    checks.equal("duplicates: one hit in a search", found.count(10), 1)
    client.delete(NAME, ids=[10])
    checks.equal("duplicates: a delete takes them all", query(client, "id == 10"), [])
    checks.equal("duplicates: and the count", count(client), 47, LITE_COUNT)
    client.insert(NAME, [row(10, 3000)])
    got = query(client, "id == 10", output_fields=["n"])
    checks.equal("deleted keys come back by insert", [item["n"] for item in got], [3000])


def levels(checks, client):
    for level in ["Strong", "Session", "Bounded", "Eventually"]:
        got = client.query(NAME, filter="id == 20", consistency_level=level)
        checks.equal(f"{level}: reads", [item["id"] for item in got], [20])
    lost = 0
    for key in range(1000, 1100):
        client.insert(NAME, [row(key)])
        lost += len(query(client, f"id == {key}")) != 1
        hits = client.search(NAME, data=[[float(key), 0.0]], limit=1, consistency_level="Strong")
        lost += hits[0][0]["id"] != key
    checks.equal("Strong: every write is read at once", lost, 0)
    lost = 0
    for key in range(1000, 1050):
        client.delete(NAME, ids=[key])
        lost += len(query(client, f"id == {key}")) != 0
    checks.equal("Strong: every delete is seen at once", lost, 0)
    session = 0
    for key in range(2000, 2050):
        client.insert(NAME, [row(key)])
        session += len(client.query(NAME, filter=f"id == {key}", consistency_level="Session")) != 1
    checks.equal("Session: reads its own writes", session, 0)


def concurrent(checks):
    """Readers and writers at once: a reader never sees half of a batch."""
    failures = []

    def write(number):
        client = checks.client()
        for batch in range(10):
            base = 100_000 * (number + 1) + batch * 100
            client.insert(NAME, [row(base + i, base) for i in range(100)])

    def read(number):
        client = checks.client()
        source = random.Random(number)
        for _ in range(40):
            base = 100_000 * (source.randrange(3) + 1) + source.randrange(10) * 100
            got = len(query(client, f"n == {base}"))
            if got not in (0, 100):
                failures.append(f"{got} of a batch of 100")

    def guarded(work, number):
        try:
            work(number)
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(write, i)) for i in range(3)]
    threads += [threading.Thread(target=guarded, args=(read, i)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checks.equal("concurrent: whole batches only", failures[:5], [], lite="not atomic there")


def main():
    checks = Checks()
    client = checks.client()
    make(client)
    with checks.section("limits and offsets"):
        limits(checks, client)
    with checks.section("output fields"):
        outputs(checks, client)
    with checks.section("counts and duplicates"):
        counting(checks, client)
    with checks.section("consistency levels"):
        levels(checks, client)
    with checks.section("concurrent readers and writers"):
        concurrent(checks)
    checks.finish()


if __name__ == "__main__":
    main()
