// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Flush and its state. The service answers a flush when everything before the call is in files, so
// whoever asks for the state afterwards (by segments, by timestamp, by nothing at all) hears yes.

import { timestampToMs } from '../../../model/index.ts';
import type { FlushResult } from '../../../service/index.ts';
import { control, type Handler } from '../call.ts';

export const flushHandlers: Readonly<Record<string, Handler>> = {
  Flush: control('Flush', async (deps, request) => {
    const { database, message } = request;
    const flushed: (readonly [string, FlushResult])[] = [];
    for (const collection of message.texts('collection_names')) {
      flushed.push([collection, await deps.database.flush({ database, collection })]);
    }
    const segments = flushed.map(
      ([name, { segmentIds }]) => [name, { data: [...segmentIds] }] as const,
    );
    return {
      db_name: database,
      coll_segIDs: new Map(segments),
      flush_coll_segIDs: new Map(segments),
      coll_seal_times: new Map(flushed.map(([name, one]) => [name, sealSeconds(one)])),
      coll_flush_ts: new Map(flushed.map(([name, one]) => [name, one.sealTimestamp])),
    };
  }),

  GetFlushState: control('GetFlushState', async (deps, request) => {
    // A collection that is not there is an error; no collection at all is what Node's SDK asks.
    if (request.collection !== '') await deps.database.describeCollection(request);
    return { flushed: true };
  }),
};

function sealSeconds(flush: FlushResult): number {
  return Math.floor(timestampToMs(flush.sealTimestamp) / 1000);
}
