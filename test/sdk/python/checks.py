# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# How a script of the SDK lane reports. Each check is one JSON line on standard output, which the
# vitest side turns into an assertion of its own; the last line says how many there were, so a
# script that dies early cannot look finished. A section catches what is thrown inside it and goes
# on with the next one: one missing verb hides nothing but itself.

import argparse
import contextlib
import json
import logging
import sys
import time
import traceback

from pymilvus import MilvusClient, MilvusException

LITE = "milvus-lite"

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # refusals are expected here


class Checks:
    """Collects the checks of one script; `python script.py --uri http://... --target dipper`."""

    def __init__(self, needs_server=True):
        parser = argparse.ArgumentParser()
        parser.add_argument("--uri", required=needs_server)
        parser.add_argument("--target", default="dipper")
        parser.add_argument("rest", nargs="*")
        self.options = parser.parse_args()
        self.target = self.options.target
        self.count = 0
        self.failed = 0

    def client(self, **more):
        return MilvusClient(uri=self.options.uri, **more)

    def report(self, name, ok, detail="", lite=None):
        """Prints one check. `lite` says how Milvus Lite is known to deviate here, if it does."""
        self.count += 1
        known = lite if self.target == LITE and not ok else None
        self.failed += 0 if ok or known else 1
        line = {"check": name, "ok": bool(ok), "detail": "" if ok else str(detail)[:2000]}
        if known:
            line["known"] = known
        print(json.dumps(line), flush=True)
        return ok

    def true(self, name, condition, detail="", lite=None):
        return self.report(name, condition, detail, lite)

    def equal(self, name, actual, expected, lite=None):
        detail = f"expected {shorten(expected)}, got {shorten(actual)}"
        return self.report(name, actual == expected, detail, lite)

    def refused(self, name, call, code=None, words=(), lite=None):
        """The call must be refused; by the server with `code` when one is given, in these words."""
        try:
            result = call()
        except MilvusException as error:
            text = f"code {error.code}: {error.message}"
            missing = [word for word in words if word.lower() not in str(error.message).lower()]
            ok = not missing and (code is None or error.code == code)
            return self.report(name, ok, f"wanted code {code}, words {missing}; got {text}", lite)
        except Exception as error:  # anything else is not how a refusal looks
            return self.report(name, False, f"{type(error).__name__}: {error}", lite)
        return self.report(name, False, f"accepted with {shorten(result)}", lite)

    @contextlib.contextmanager
    def section(self, name, lite=None):
        """What is thrown inside becomes a failed check of this name; the script goes on."""
        started = time.monotonic()
        try:
            yield
        except Exception:
            self.report(f"{name}: ran to its end", False, traceback.format_exc(limit=-6), lite)
        else:
            seconds = time.monotonic() - started
            print(f"{name}: {seconds:.1f} s", file=sys.stderr, flush=True)
            self.report(f"{name}: ran to its end", True)

    def finish(self):
        print(json.dumps({"done": self.count}), flush=True)
        sys.exit(1 if self.failed else 0)


def shorten(value):
    text = repr(value)
    return text if len(text) < 600 else f"{text[:600]}... ({len(text)} characters)"


def plain(value):
    """Plain Python values, which compare by value whatever the client wraps them in."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (str, bytes)) or value is None:
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "__iter__") or hasattr(value, "__getitem__"):
        return [plain(item) for item in value]
    return value
