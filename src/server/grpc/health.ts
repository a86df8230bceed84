// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// grpc.health.v1, which load balancers ask. Two messages of one field each: written here by hand.

import { WireReader } from './wire/reader.ts';
import { WireWriter } from './wire/writer.ts';

export const healthService = 'grpc.health.v1.Health';

export const servingStatus = { serving: 1, notServing: 2, serviceUnknown: 3 } as const;
export type ServingStatus = (typeof servingStatus)[keyof typeof servingStatus];

/** Name of the service asked about; empty = the whole server. */
export function decodeHealthRequest(bytes: Uint8Array): string {
  let service = '';
  const reader = new WireReader(bytes);
  for (let id = reader.next(); id !== 0; id = reader.next()) {
    if (id === 1) service = reader.text();
    else reader.skip();
  }
  return service;
}

export function encodeHealthReply(status: ServingStatus): Uint8Array {
  const writer = new WireWriter(8);
  writer.int32(1, status);
  return writer.finish();
}

/** Status of a service by name; known are the whole server and the services served. */
export function healthOf(
  service: string,
  served: readonly string[],
  reasons: readonly string[],
): ServingStatus {
  if (service !== '' && !served.includes(service)) return servingStatus.serviceUnknown;
  return reasons.length === 0 ? servingStatus.serving : servingStatus.notServing;
}
