# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# How refusals look through the official client: an exception with Milvus's code and a message that
# names what was wrong, at once (a wrong kind of error would make this client retry for minutes).

import time

from pymilvus import DataType

from checks import Checks

NAME = "refusals"
LITE = "Milvus Lite has codes and texts of its own"


def make(client):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("title", DataType.VARCHAR, max_length=5)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(NAME, schema=schema, index_params=index)


def refusals(checks, client):
    good = {"id": 1, "title": "abc", "vector": [1.0, 2.0, 3.0, 4.0]}
    client.insert(NAME, [good])
    search = lambda **more: client.search(NAME, **{"data": [[1, 2, 3, 4]], **more})

    def insert(name=NAME, partition="", **changes):
        return client.insert(name, [{**good, **changes}], partition_name=partition)

    nans = [float("nan")] * 4
    table = [
        ("insert: dimension", lambda: insert(vector=[1.0]), None, ["vector"]),
        ("insert: NaN", lambda: insert(vector=nans), 1100, ["vector", "nan"]),
        ("insert: unknown collection", lambda: insert("nowhere"), 100, ["nowhere"]),
        ("insert: partition", lambda: insert(partition="p9"), None, ["p9"]),
        ("search: dimension", lambda: search(data=[[1, 2]]), 1100, ["vector", "4", "2"]),
        ("search: nowhere", lambda: client.search("nowhere", data=[[1]]), 100, ["nowhere"]),
        ("search: bad filter", lambda: search(filter="title >"), 1100, ["title >"]),
        ("search: unknown field", lambda: search(filter="stranger == 1"), 1100, ["stranger"]),
        ("search: limit", lambda: search(limit=20_000), 1100, ["16384"]),
        ("search: output field", lambda: search(output_fields=["stranger"]), 1100, ["stranger"]),
        ("query: bad filter", lambda: client.query(NAME, filter="id == "), 1100, ["id =="]),
        ("query: type", lambda: client.query(NAME, filter="title == 4"), 1100, ["title"]),
        ("delete: bad filter", lambda: client.delete(NAME, filter="id in"), 1100, ["id in"]),
        ("describe: unknown", lambda: client.describe_collection("nowhere"), 100, ["nowhere"]),
        ("load: unknown", lambda: client.load_collection("nowhere"), 100, ["nowhere"]),
        ("index: unknown", lambda: client.describe_index("nowhere", "i"), 100, ["nowhere"]),
    ]
    slowest = 0.0
    for name, call, code, words in table:
        started = time.monotonic()
        checks.refused(name, call, code, words, lite=LITE)
        slowest = max(slowest, time.monotonic() - started)
    checks.true("refusals are not retried for long", slowest < 10, f"{slowest:.1f} s")
    got = client.query(NAME, filter="", output_fields=["count(*)"], consistency_level="Strong")
    checks.equal("nothing was written", got[0]["count(*)"], 1, lite=LITE)


def main():
    checks = Checks()
    client = checks.client()
    with checks.section("refusals"):
        make(client)
        refusals(checks, client)
    checks.finish()


if __name__ == "__main__":
    main()
