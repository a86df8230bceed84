// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Pagination of search: the engine finds offset + limit hits a query, the first `offset` of each
// are dropped here. Pages are small, so the columns are gathered row by row.

import type { PrimaryKeys, SearchHits } from '../../native/index.ts';
import { at } from '../core/index.ts';
import { decodeRowBatch, encodeRowBatch, gatherRows } from '../model/index.ts';

export function dropOffset(hits: SearchHits, offset: number): SearchHits {
  const kept: number[] = [];
  let start = 0;
  const counts = hits.counts.map((count) => {
    for (let i = offset; i < count; i++) kept.push(start + i);
    start += count;
    return Math.max(0, count - offset);
  });
  return {
    counts,
    scores: Float32Array.from(kept, (row) => at(hits.scores, row)),
    keys: gatherKeys(hits.keys, kept),
    rows: hits.rows === null ? null : encodeRowBatch(gatherRows(decodeRowBatch(hits.rows), kept)),
  };
}

function gatherKeys(keys: PrimaryKeys, kept: readonly number[]): PrimaryKeys {
  if (keys.kind === 'int64')
    return { kind: 'int64', values: BigInt64Array.from(kept, (row) => at(keys.values, row)) };
  const pieces = kept.map((row) =>
    keys.bytes.subarray(at(keys.offsets, row), at(keys.offsets, row + 1)),
  );
  const offsets = new Uint32Array(kept.length + 1);
  pieces.forEach((piece, i) => {
    offsets[i + 1] = at(offsets, i) + piece.byteLength;
  });
  return { kind: 'varchar', offsets, bytes: new Uint8Array(Buffer.concat(pieces)) };
}
