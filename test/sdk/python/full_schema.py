# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# Every field type of the first release in one collection, in and out by value: Int64 and VarChar
# keys, autoID, booleans, integers of every width at their limits, floats, text, JSON, nulls,
# defaults, dynamic keys and vectors; as growing rows and again after a flush.

import numpy as np
from pymilvus import DataType

from checks import Checks, plain

DIMENSION = 8


def full_schema(client):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("flag", DataType.BOOL)
    schema.add_field("tiny", DataType.INT8)
    schema.add_field("small", DataType.INT16)
    schema.add_field("medium", DataType.INT32)
    schema.add_field("large", DataType.INT64)
    schema.add_field("single", DataType.FLOAT)
    schema.add_field("double", DataType.DOUBLE)
    schema.add_field("text", DataType.VARCHAR, max_length=200)
    schema.add_field("document", DataType.JSON)
    schema.add_field("maybe", DataType.INT32, nullable=True)
    schema.add_field("word", DataType.VARCHAR, max_length=20, nullable=True)
    schema.add_field("filled", DataType.INT64, default_value=77)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSION)
    return schema


def full_rows():
    vectors = np.random.default_rng(3).standard_normal((4, DIMENSION)).astype(np.float32)
    texts = ["", "plain", "Grüße, мир, 世界 🌍", 'quote " and \\ back']
    documents = [
        {"a": 1, "deep": {"list": [1, "two", None, 3.5]}, "big": 9007199254740993},
        {"a": -1.5, "text": "ü"},
        [1, 2, 3],
        {},
    ]
    limits = {
        "tiny": [-128, 127, 0, 1],
        "small": [-32768, 32767, 0, 1],
        "medium": [-(2**31), 2**31 - 1, 0, 1],
        "large": [-(2**63), 2**63 - 1, 9007199254740993, 0],
        "single": [0.0, -1.5, float(np.float32(3.4e38)), float(np.float32(1e-38))],
        "double": [0.0, -1.5, 1.7976931348623157e308, 0.1],
    }
    keys = [5, 0, 2**62 + 1, -(2**62) - 1]
    rows = []
    for i in range(4):
        row = {"pk": keys[i], "flag": i % 2 == 0}
        row.update({name: values[i] for name, values in limits.items()})
        row.update(text=texts[i], document=documents[i], vector=vectors[i].tolist())
        row.update(maybe=None if i % 2 else i, word=None if i == 3 else f"w{i}")
        row["filled"] = i * 10
        row.update({"color": ["red", "green"][i % 2], "nested": {"depth": i}})
        rows.append(row)
    rows[3].pop("filled")  # the default fills it
    return rows


def compare(checks, client, name, rows, when):
    names = [key for key in rows[0] if key != "pk"]
    got = client.query(
        name, filter="tiny >= -128", output_fields=names, consistency_level="Strong"
    )
    checks.equal(f"{when}: number of rows", len(got), len(rows))
    by_key = {row["pk"]: plain(row) for row in got}
    for row in rows:
        stored = by_key.get(row["pk"], {})
        for key, value in row.items():
            checks.equal(f"{when}: {key} of row {row['pk']}", stored.get(key, "absent"), value)


def every_type(checks, client):
    name = "full_schema"
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(name, schema=full_schema(client), index_params=index)
    rows = full_rows()
    result = client.insert(name, [dict(row) for row in rows])
    checks.equal("insert: ids", plain(result["ids"]), [row["pk"] for row in rows])
    rows[3]["filled"] = 77
    compare(checks, client, name, rows, "growing")
    found = client.search(
        name,
        data=[rows[2]["vector"]],
        limit=1,
        anns_field="vector",
        output_fields=["*"],
        consistency_level="Strong",
    )
    entity = plain(found[0][0]["entity"])
    checks.equal("search *: text", entity.get("text"), rows[2]["text"])
    checks.equal("search *: dynamic key", entity.get("color"), rows[2]["color"])
    checks.equal("search *: vector", entity.get("vector"), rows[2]["vector"])
    client.flush(name)
    compare(checks, client, name, rows, "flushed")
    client.drop_collection(name)


def text_keys(checks, client):
    name = "text_keys"
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("code", DataType.VARCHAR, is_primary=True, max_length=64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(name, schema=schema, index_params=index)
    keys = ["alpha", "Ω-omega", "with 'quotes'", "zeta"]
    rows = [{"code": key, "vector": [float(i), 0.0]} for i, key in enumerate(keys)]
    result = client.insert(name, rows)
    checks.equal("VarChar keys: ids", plain(result["ids"]), keys)
    got = client.get(name, ids=["Ω-omega", "zeta", "absent"])
    codes = sorted(row["code"] for row in got)
    checks.equal("VarChar keys: get", codes, sorted(["Ω-omega", "zeta"]))
    found = client.search(name, data=[[2.1, 0.0]], limit=1, consistency_level="Strong")
    hit = found[0][0]
    checks.equal("VarChar keys: search", hit.get("code", hit.get("id")), "with 'quotes'")
    client.delete(name, ids=["zeta"])
    left = client.query(name, filter='code > "a"', consistency_level="Strong")
    checks.equal(
        "VarChar keys: delete, range", sorted(row["code"] for row in left), sorted(keys[:3])
    )
    client.drop_collection(name)


def generated_keys(checks, client, text):
    name = "generated_text" if text else "generated_int"
    schema = client.create_schema(auto_id=True, enable_dynamic_field=True)
    more = {"max_length": 64} if text else {}
    schema.add_field("pk", DataType.VARCHAR if text else DataType.INT64, is_primary=True, **more)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(name, schema=schema, index_params=index)
    rows = [{"vector": [float(i), 1.0], "n": i} for i in range(10)]
    ids = plain(client.insert(name, rows)["ids"]) + plain(client.insert(name, rows)["ids"])
    checks.equal(f"{name}: a key each row", len(set(ids)), 20)
    checks.true(f"{name}: keys have the key's type", all(isinstance(i, str) == text for i in ids))
    got = client.get(name, ids=ids[3:4], output_fields=["n"])
    checks.equal(f"{name}: get by a generated key", [row["n"] for row in got], [3])
    client.drop_collection(name)


def main():
    checks = Checks()
    client = checks.client()
    with checks.section("every type"):
        every_type(checks, client)
    with checks.section("VarChar keys"):
        text_keys(checks, client)
    with checks.section("generated Int64 keys"):
        generated_keys(checks, client, text=False)
    with checks.section("generated VarChar keys", lite="generates Int64 keys only"):
        generated_keys(checks, client, text=True)
    checks.finish()


if __name__ == "__main__":
    main()
