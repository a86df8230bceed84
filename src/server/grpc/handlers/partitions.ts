// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Partitions as far as they can be seen without making one: a collection's description names them.

import { timestampToMs } from '../../../model/index.ts';
import { control, type Handler } from '../call.ts';

export const partitionHandlers: Readonly<Record<string, Handler>> = {
  ShowPartitions: control('ShowPartitions', async (deps, request) => {
    const { partitions, loadPercent } = await deps.database.describeCollection(request);
    const wanted = new Set(request.message.texts('partition_names'));
    const shown = partitions.filter((one) => wanted.size === 0 || wanted.has(one.name));
    return {
      partition_names: shown.map((one) => one.name),
      partitionIDs: shown.map((one) => one.id),
      created_timestamps: shown.map((one) => one.createdTimestamp),
      created_utc_timestamps: shown.map((one) => timestampToMs(one.createdTimestamp)),
      inMemory_percentages: shown.map(() => loadPercent),
    };
  }),

  HasPartition: control('HasPartition', async (deps, request) => {
    const { partitions } = await deps.database.describeCollection(request);
    const name = request.message.text('partition_name');
    return { value: partitions.some((one) => one.name === name) };
  }),
};
