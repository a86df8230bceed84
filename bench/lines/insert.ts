// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Insert rates in batches of 1,000 rows, into an indexed and loaded collection of a fresh server:
// encoded requests from the bare client (what the server can take), and pymilvus (what a user
// sees).

import { createCollection, encodeInserts, sendInserts } from '../collection.ts';
import type { Dataset } from '../dataset.ts';
import { runClient } from '../python-client.ts';
import { startAnswering, type Durability, type System } from '../systems.ts';

export interface InsertFigures {
  readonly durability: string;
  readonly durable: boolean;
  readonly rawRowsPerSecond: number;
  readonly rawFourInFlightRowsPerSecond: number;
  readonly pymilvusRowsPerSecond: number;
}

/** Measures one durability mode on a fresh directory. */
export async function measureInsert(
  system: System,
  durability: Durability,
  data: Dataset,
  rowCount: number,
  directory: string,
): Promise<InsertFigures> {
  const { server, wire } = await startAnswering(system, directory, durability.variant);
  try {
    const rates: number[] = [];
    for (const inFlight of [1, 4]) {
      const collection = `raw_${inFlight}`;
      await createCollection(wire, collection, data.dimension, durability.properties);
      const requests = encodeInserts(data, collection, rowCount);
      rates.push(rowCount / (await sendInserts(wire, requests, inFlight)));
      await wire.call('DropCollection', { collection_name: collection }, 60_000);
    }
    await createCollection(wire, 'through_sdk', data.dimension, durability.properties);
    const sdk = await runClient(system, server.port, 'insert_rows.py', [
      'through_sdk',
      data.folder,
      String(rowCount),
      String(data.dimension),
    ]);
    return {
      durability: durability.name,
      durable: durability.durable,
      rawRowsPerSecond: rates[0] ?? Number.NaN,
      rawFourInFlightRowsPerSecond: rates[1] ?? Number.NaN,
      pymilvusRowsPerSecond: sdk['rowsPerSecond'] ?? Number.NaN,
    };
  } finally {
    wire.close();
    await server.kill();
  }
}
