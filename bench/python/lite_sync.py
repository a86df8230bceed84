# SPDX-License-Identifier: Apache-2.0
# Copyright the Dipper authors
#
# Milvus Lite with its own strongest durability: its write-ahead log can fsync after every batch,
# but its command line has no switch for it. This sets the default and then is its command line.

import inspect
import sys

from milvus_lite import cmdline
from milvus_lite.storage import wal

parameters = inspect.signature(wal.WAL.__init__).parameters.values()
names = [p.name for p in parameters if p.default is not p.empty]
defaults = list(wal.WAL.__init__.__defaults__)
defaults[names.index("sync_mode")] = "batch"
wal.WAL.__init__.__defaults__ = tuple(defaults)

sys.exit(cmdline.main())
