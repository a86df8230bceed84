// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Partition names to ids.

import { DbError } from '../core/index.ts';
import type { CollectionMeta } from '../model/index.ts';

/** Ids of the named partitions; null for none named, which means all. Throws partition-missing. */
export function partitionIdsOf(
  collection: CollectionMeta,
  names: readonly string[],
): number[] | null {
  if (names.length === 0) return null;
  return names.map((name) => {
    const partition = collection.partitions.find((candidate) => candidate.name === name);
    if (partition !== undefined) return partition.id;
    throw new DbError({
      code: 'partition-missing',
      message: `partition not found[partition=${name}]`,
    });
  });
}
