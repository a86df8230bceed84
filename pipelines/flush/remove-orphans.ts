// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Files that a shard's manifest does not name are garbage: left by a flush or index build that did
// not reach its commit, or replaced by a later version. They are removed when the shard opens,
// before anything new is written there.

import type { Disk } from '../../src/core/index.ts';
import type { SegmentMeta, ShardManifest } from '../../src/model/index.ts';
import { shardFolder } from './run-flush.ts';

/** Removes what no manifest names; a file that cannot be removed stays for the next start. */
export async function removeOrphans(disk: Disk, manifest: ShardManifest): Promise<void> {
  try {
    await removeUnnamed(disk, manifest);
  } catch {
    // Garbage only takes room: it must not keep a shard from opening.
  }
}

async function removeUnnamed(disk: Disk, manifest: ShardManifest): Promise<void> {
  const folder = shardFolder(manifest.collectionId, manifest.shardId);
  const segments = new Map(manifest.segments.map((segment) => [segment.folder, segment]));
  for (const name of await disk.list(folder)) {
    const path = `${folder}/${name}`;
    const segment = segments.get(path);
    if (segment === undefined) await disk.removeFolder(path);
    else await removeFiles(disk, path, namesOf(segment));
  }
}

async function removeFiles(disk: Disk, folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await disk.list(folder)) {
    if (!keep.has(name)) await disk.remove(`${folder}/${name}`);
  }
}

function namesOf(segment: SegmentMeta): Set<string> {
  const { baseParquet, baseRows, keys, vectors } = segment.files;
  const deletes = segment.deletes === null ? [] : [segment.deletes];
  return new Set(
    [baseParquet, baseRows, keys, ...vectors, ...deletes, ...segment.indexes].map(
      (file) => file.name,
    ),
  );
}
