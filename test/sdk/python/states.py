# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# What clients poll and list: collections and their description, load states, indexes, flush and row
# counts. The SDK's own waiting loops run too (create_index, load_collection and flush wait inside),
# so a state that never ends shows as a section that never does.

from pymilvus import DataType
from pymilvus.client.types import LoadState

from checks import Checks

NAME = "states"


def make(client):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True, description="about it")
    schema.add_field("id", DataType.INT64, is_primary=True, description="the key")
    schema.add_field("title", DataType.VARCHAR, max_length=100, nullable=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    client.create_collection(NAME, schema=schema, consistency_level="Strong")


def state_of(client):
    return client.get_load_state(NAME)["state"]


def listing(checks, client):
    checks.true("has: no, before", not client.has_collection(NAME))
    make(client)
    checks.true("has: yes, after", client.has_collection(NAME))
    checks.true("list: names it", NAME in client.list_collections())
    about = client.describe_collection(NAME)
    checks.equal("describe: name", about["collection_name"], NAME)
    checks.equal("describe: description", about["description"], "about it", lite="drops it")
    checks.equal("describe: dynamic", about["enable_dynamic_field"], True)
    checks.equal("describe: autoID", about["auto_id"], False)
    names = [field["name"] for field in about["fields"]]
    checks.equal("describe: fields in order, no hidden ones", names, ["id", "title", "vector"])
    ids = [field["field_id"] for field in about["fields"]]
    checks.equal("describe: field ids from 100", ids, [100, 101, 102], lite="0 for all")
    checks.equal("describe: the key", about["fields"][0].get("is_primary"), True)
    checks.equal("describe: max_length", about["fields"][1]["params"].get("max_length"), 100)
    checks.equal("describe: nullable", about["fields"][1].get("nullable"), True)
    checks.equal("describe: dim", about["fields"][2]["params"].get("dim"), 4)
    checks.equal("describe: consistency Strong", about["consistency_level"], 0)
    checks.equal("stats: no rows", int(client.get_collection_stats(NAME)["row_count"]), 0)


def indexing(checks, client):
    checks.equal("index: none yet", client.list_indexes(NAME), [])
    checks.equal("load state: not loaded", state_of(client), LoadState.NotLoad, lite="is loaded")
    index = client.prepare_index_params()
    index.add_index(
        "vector",
        index_type="HNSW",
        metric_type="COSINE",
        index_name="by_vector",
        params={"M": 16, "efConstruction": 100},
    )
    client.create_index(NAME, index)
    checks.equal("index: listed", client.list_indexes(NAME), ["by_vector"], lite="its field")
    about = client.describe_index(NAME, index_name="by_vector")
    checks.equal("index: type", about["index_type"], "HNSW")
    checks.equal("index: metric", about["metric_type"], "COSINE")
    parameters = {**about, **(about.get("params") or {})}  # flat or nested, by server version
    checks.equal("index: parameter M", str(parameters.get("M")), "16", lite="not told")
    checks.equal("index: field", about["field_name"], "vector")
    checks.equal("index: finished", str(about.get("state")), "Finished")
    again = client.prepare_index_params()
    again.add_index("vector", index_type="FLAT", metric_type="L2", index_name="another")
    checks.refused(
        "index: a second one on the field",
        lambda: client.create_index(NAME, again),
        65535,
        ["at most one distinct index is allowed per field"],
        lite="code 35",
    )


def loading(checks, client):
    client.load_collection(NAME)
    checks.equal("load state: loaded", state_of(client), LoadState.Loaded)
    client.insert(NAME, [{"id": i, "title": None, "vector": [i, 1, 0, 0]} for i in range(100)])
    checks.equal("loaded: searchable", len(client.search(NAME, data=[[1, 1, 0, 0]])[0]), 10)
    client.release_collection(NAME)
    checks.equal("load state: released", state_of(client), LoadState.NotLoad)
    checks.refused(
        "released: search is refused",
        lambda: client.search(NAME, data=[[1, 1, 0, 0]]),
        101,
        ["not loaded"],
        lite="another text",
    )
    checks.refused(
        "released: query is refused",
        lambda: client.query(NAME, filter="id > 3"),
        101,
        ["not loaded"],
        lite="another text",
    )
    client.insert(NAME, [{"id": 100, "title": "late", "vector": [9, 1, 0, 0]}])
    client.load_collection(NAME)
    checks.equal("released collections accept writes", client.get(NAME, [100])[0]["title"], "late")


def flushing(checks, client):
    client.flush(NAME)
    count = int(client.get_collection_stats(NAME)["row_count"])
    checks.equal("stats: rows after a flush", count, 101)
    client.insert(NAME, [{"id": 200, "title": "t", "vector": [9, 1, 0, 0]}])
    client.flush(NAME)
    client.flush(NAME)  # nothing to do must end as well
    about = client.describe_index(NAME, index_name="by_vector")
    checks.equal("index: finished after flushes", str(about.get("state")), "Finished")
    checks.equal("index: total rows", int(about.get("total_rows", -1)), 102)


def dropping(checks, client):
    checks.refused(
        "drop_index: refused while loaded",
        lambda: client.drop_index(NAME, "by_vector"),
        None,
        ["load"],
    )
    client.release_collection(NAME)
    client.drop_index(NAME, "by_vector")
    checks.equal("index: dropped", client.list_indexes(NAME), [])
    client.drop_collection(NAME)
    checks.true("drop: gone", not client.has_collection(NAME))
    checks.true("drop: not listed", NAME not in client.list_collections())
    client.drop_collection(NAME)  # dropping what is not there is no error
    make(client)
    checks.equal("made again: empty", int(client.get_collection_stats(NAME)["row_count"]), 0)


def main():
    checks = Checks()
    client = checks.client()
    with checks.section("version"):
        version = client.get_server_version()
        checks.true("version: 3.0", "3.0" in version, version, lite="its own version")
    with checks.section("collections"):
        listing(checks, client)
    with checks.section("indexes"):
        indexing(checks, client)
    with checks.section("load and release"):
        loading(checks, client)
    with checks.section("flush"):
        flushing(checks, client)
    with checks.section("drop"):
        dropping(checks, client)
    checks.finish()


if __name__ == "__main__":
    main()
