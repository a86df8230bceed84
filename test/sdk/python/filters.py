# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# Filters against a row-by-row evaluation in Python with three-valued logic: a null, a missing JSON
# key and a JSON value of another type are unknown, NOT keeps unknown, and only what is true passes.
# Each filter runs as a query over growing rows, over flushed rows, and under a search.

import fnmatch
import operator
import random

from pymilvus import DataType

from checks import Checks

ROWS = 400
NAME = "filters"
UNKNOWN_LITE = "Milvus Lite 3.2.2 evaluates this differently"


def compare(op, a, b):
    if a is None or b is None or isinstance(a, bool) != isinstance(b, bool):
        return None
    if isinstance(a, str) != isinstance(b, str) or isinstance(a, (list, dict)):
        return None
    return op(a, b)


def both(a, b):
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def either(a, b):
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def opposite(a):
    return None if a is None else not a


def lt(a, b):
    return compare(operator.lt, a, b)


def gt(a, b):
    return compare(operator.gt, a, b)


def ge(a, b):
    return compare(operator.ge, a, b)


def le(a, b):
    return compare(operator.le, a, b)


def eq(a, b):
    return compare(operator.eq, a, b)


def ne(a, b):
    return compare(operator.ne, a, b)


def within(a, values):
    return None if a is None else a in values


def like(a, pattern):
    if not isinstance(a, str):
        return None
    return fnmatch.fnmatchcase(a, pattern.replace("%", "*").replace("_", "?"))


def path(row, *steps):
    value = row
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def table():
    """Filter text, what it means for a row, and whether Milvus Lite is known to differ."""
    same, lite = None, UNKNOWN_LITE
    j = lambda row, *steps: path(row, "j", *steps)
    return [
        # comparison on every type
        ("i8 == 5", lambda r: eq(r["i8"], 5), same),
        ("i8 != 5", lambda r: ne(r["i8"], 5), same),
        ("i16 < -100", lambda r: lt(r["i16"], -100), same),
        ("i32 >= 1000", lambda r: ge(r["i32"], 1000), same),
        ("i64 > 9007199254740993", lambda r: gt(r["i64"], 9007199254740993), same),
        ("i64 == 9007199254740993", lambda r: eq(r["i64"], 9007199254740993), same),
        ("f <= 0.25", lambda r: le(r["f"], 0.25), same),
        ("d > -0.5", lambda r: gt(r["d"], -0.5), same),
        ("d > 0", lambda r: gt(r["d"], 0), same),
        ("b == true", lambda r: eq(r["b"], True), same),
        ("b != true", lambda r: ne(r["b"], True), same),
        ("s == 'word-17'", lambda r: eq(r["s"], "word-17"), same),
        ('s >= "word-3"', lambda r: ge(r["s"], "word-3"), same),
        ("5 < i8", lambda r: lt(5, r["i8"]), same),
        ("id >= 390", lambda r: ge(r["id"], 390), same),
        # ranges
        ("-20 < i8 < 20", lambda r: both(lt(-20, r["i8"]), lt(r["i8"], 20)), lite),
        ("-20 <= i8 <= 20", lambda r: both(le(-20, r["i8"]), le(r["i8"], 20)), lite),
        ("0.1 < d <= 0.6", lambda r: both(lt(0.1, r["d"]), le(r["d"], 0.6)), lite),
        ("20 > i8 >= -20", lambda r: both(gt(20, r["i8"]), ge(r["i8"], -20)), lite),
        # in
        ("i8 in [1, 2, 3, 100]", lambda r: within(r["i8"], [1, 2, 3, 100]), same),
        ("i8 not in [1, 2, 3]", lambda r: opposite(within(r["i8"], [1, 2, 3])), same),
        ("s in ['word-1', 'word-2']", lambda r: within(r["s"], ["word-1", "word-2"]), same),
        ("id in [3, 5, 7, 9999]", lambda r: within(r["id"], [3, 5, 7]), same),
        ("i8 in []", lambda r: False, same),
        # and, or, not and their precedence
        ("i8 > 0 and b == true", lambda r: both(gt(r["i8"], 0), eq(r["b"], True)), same),
        ("i8 > 100 or f < 0.1", lambda r: either(gt(r["i8"], 100), lt(r["f"], 0.1)), same),
        ("i8 > 100 || f < 0.1", lambda r: either(gt(r["i8"], 100), lt(r["f"], 0.1)), same),
        ("not (i8 > 0)", lambda r: opposite(gt(r["i8"], 0)), same),
        ("not (i8 > 0 and d > 0)", lambda r: opposite(both(gt(r["i8"], 0), gt(r["d"], 0))), same),
        (
            "i8 > 50 or i16 > 50 and b == true",
            lambda r: either(gt(r["i8"], 50), both(gt(r["i16"], 50), eq(r["b"], True))),
            same,
        ),
        (
            "(i8 > 50 or i16 > 50) and b == true",
            lambda r: both(either(gt(r["i8"], 50), gt(r["i16"], 50)), eq(r["b"], True)),
            same,
        ),
        # arithmetic
        ("i32 + 100 > 1000", lambda r: gt(r["i32"] + 100, 1000), same),
        ("i32 - 7 == 1", lambda r: eq(r["i32"] - 7, 1), same),
        ("i32 * 2 >= 3000", lambda r: ge(r["i32"] * 2, 3000), same),
        ("i32 % 7 == 3", lambda r: eq(int(r["i32"] - 7 * int(r["i32"] / 7)), 3), lite),
        ("d / 2.0 > 0.2", lambda r: gt(r["d"] / 2.0, 0.2), same),
        ("d * 4.0 < 1.0", lambda r: lt(r["d"] * 4.0, 1.0), same),
        # like
        ("s like 'word-1%'", lambda r: like(r["s"], "word-1%"), same),
        ("s like '%7'", lambda r: like(r["s"], "%7"), same),
        ("s like '%d-2%'", lambda r: like(r["s"], "%d-2%"), same),
        ("s like 'word-_'", lambda r: like(r["s"], "word-_"), same),
        ("s like 'w%-1_'", lambda r: like(r["s"], "w%-1_"), same),
        ("not (s like 'word-1%')", lambda r: opposite(like(r["s"], "word-1%")), same),
        # null
        ("n is null", lambda r: r["n"] is None, same),
        ("n is not null", lambda r: r["n"] is not None, same),
        ("n > 10", lambda r: gt(r["n"], 10), same),
        ("not (n > 10)", lambda r: opposite(gt(r["n"], 10)), lite),
        ("n != 3", lambda r: ne(r["n"], 3), same),
        ("n not in [1, 2]", lambda r: opposite(within(r["n"], [1, 2])), lite),
        ("n > 10 or i8 > 0", lambda r: either(gt(r["n"], 10), gt(r["i8"], 0)), same),
        ("n > 10 and i8 > 0", lambda r: both(gt(r["n"], 10), gt(r["i8"], 0)), same),
        ("w is null or w like 'a%'", lambda r: either(r["w"] is None, like(r["w"], "a%")), same),
        # JSON paths
        ("j['a'] > 50", lambda r: gt(j(r, "a"), 50), same),
        ('j["a"] <= 50', lambda r: le(j(r, "a"), 50), same),
        ("j['s'] == 'x3'", lambda r: eq(j(r, "s"), "x3"), same),
        ("j['s'] like 'x%'", lambda r: like(j(r, "s"), "x%"), same),
        ("j['deep']['k'] in [1, 2]", lambda r: within(j(r, "deep", "k"), [1, 2]), lite),
        ("j['list'][1] == 4", lambda r: eq(j(r, "list", 1), 4), lite),
        ("j['flag'] == true", lambda r: eq(j(r, "flag"), True), same),
        ("j['mixed'] == 3", lambda r: eq(j(r, "mixed"), 3), same),
        ("j['mixed'] != 3", lambda r: ne(j(r, "mixed"), 3), lite),
        ("not (j['a'] > 50)", lambda r: opposite(gt(j(r, "a"), 50)), lite),
        ("exists j['deep']", lambda r: j(r, "deep") is not None, lite),
        ("j['a'] + 1 > 60", lambda r: None if j(r, "a") is None else j(r, "a") + 1 > 60, lite),
        # dynamic keys
        ("color == 'red'", lambda r: eq(r.get("color"), "red"), same),
        ("$meta['size'] > 5", lambda r: gt(r.get("size"), 5), same),
        ("size in [1, 2, 3]", lambda r: within(r.get("size"), [1, 2, 3]), same),
        ("color != 'red'", lambda r: ne(r.get("color"), "red"), lite),
        (
            "color == 'red' and size < 5 and i8 > 0",
            lambda r: both(both(eq(r.get("color"), "red"), lt(r.get("size"), 5)), gt(r["i8"], 0)),
            same,
        ),
        # the empty results and the full ones
        ("i8 > 127", lambda r: False, same),
        ("i8 >= -128", lambda r: True, same),
    ]


def make_rows():
    source = random.Random(11)
    rows = []
    for i in range(ROWS):
        j = {"a": source.randrange(100), "s": f"x{source.randrange(10)}"}
        j["mixed"] = source.choice([3, "3", True, None, 4, [3]])
        j["deep"] = {"k": source.randrange(5)}
        j["list"] = [source.randrange(6) for _ in range(source.randrange(4))]
        j["flag"] = source.random() < 0.5
        for key in list(j):
            if source.random() < 0.2:
                del j[key]
        row = {
            "id": i,
            "b": source.random() < 0.5,
            "i8": source.randrange(-128, 128),
            "i16": source.randrange(-1000, 1000),
            "i32": source.randrange(-2000, 3000),
            "i64": 9007199254740990 + source.randrange(8),
            "f": source.randrange(64) / 64,
            "d": source.randrange(-64, 64) / 64,
            "s": f"word-{source.randrange(40)}",
            "n": source.choice([None, source.randrange(30)]),
            "w": source.choice([None, "abc", "bcd", ""]),
            "j": j,
            "vector": [source.random() for _ in range(4)],
        }
        if source.random() < 0.7:
            row["color"] = source.choice(["red", "green"])
        if source.random() < 0.7:
            row["size"] = source.choice([source.randrange(10), str(source.randrange(10))])
        rows.append(row)
    return rows


def create(client):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("b", DataType.BOOL)
    schema.add_field("i8", DataType.INT8)
    schema.add_field("i16", DataType.INT16)
    schema.add_field("i32", DataType.INT32)
    schema.add_field("i64", DataType.INT64)
    schema.add_field("f", DataType.FLOAT)
    schema.add_field("d", DataType.DOUBLE)
    schema.add_field("s", DataType.VARCHAR, max_length=40)
    schema.add_field("n", DataType.INT32, nullable=True)
    schema.add_field("w", DataType.VARCHAR, max_length=40, nullable=True)
    schema.add_field("j", DataType.JSON)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(NAME, schema=schema, index_params=index)


def run_table(checks, client, rows, when):
    for text, meaning, lite in table():
        wanted = [row["id"] for row in rows if meaning(row) is True]
        try:
            got = client.query(NAME, filter=text, output_fields=["id"], consistency_level="Strong")
            ids = sorted(row["id"] for row in got)
        except Exception as error:
            checks.report(f"{when}: {text}", False, error, lite)
            continue
        extra, missing = sorted(set(ids) - set(wanted)), sorted(set(wanted) - set(ids))
        detail = f"{len(ids)} rows, wanted {len(wanted)}; extra {extra[:8]}, missing {missing[:8]}"
        checks.report(f"{when}: {text}", ids == wanted, detail, lite)


def run_searches(checks, client, rows):
    for text, meaning, lite in table()[::4]:
        wanted = {row["id"] for row in rows if meaning(row) is True}
        try:
            found = client.search(
                NAME, data=[[0.5] * 4], filter=text, limit=ROWS, consistency_level="Strong"
            )
        except Exception as error:
            checks.report(f"search: {text}", False, error, lite)
            continue
        ids = {hit["id"] for hit in found[0]}
        checks.report(f"search: {text}", ids == wanted, f"{len(ids)} of {len(wanted)}", lite)


def main():
    checks = Checks()
    client = checks.client()
    rows = make_rows()
    with checks.section("fill"):
        create(client)
        client.insert(NAME, [dict(row) for row in rows])
    with checks.section("growing"):
        run_table(checks, client, rows, "growing")
    with checks.section("flushed"):
        client.flush(NAME)
        run_table(checks, client, rows, "flushed")
    with checks.section("under a search"):
        run_searches(checks, client, rows)
    with checks.section("template values", lite=UNKNOWN_LITE):
        got = client.query(
            NAME,
            filter="i8 > {low} and s in {words}",
            filter_params={"low": 0, "words": ["word-1", "word-2"]},
            consistency_level="Strong",
        )
        wanted = [r["id"] for r in rows if r["i8"] > 0 and r["s"] in ("word-1", "word-2")]
        checks.equal("template values", sorted(row["id"] for row in got), wanted, UNKNOWN_LITE)
    checks.finish()


if __name__ == "__main__":
    main()
