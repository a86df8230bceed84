// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The real parts of an actor host, made the same way on the main thread and in each cell.

import { native } from '../native/index.ts';
import { defaultFlushPolicy } from '../pipelines/index.ts';
import type { ComputePool } from './compute-pool.ts';
import { type Settings, systemClock, systemRandom } from './core/index.ts';
import { logFileSizeBytes, mebibyte } from './core/limits.ts';
import { openSystemDisk } from './core/system-disk.ts';
import type { HostParts } from './engine.ts';

export function realHostParts(
  settings: Settings,
  pool: ComputePool,
  ids: { readonly hybridClock: number; readonly ownerEpoch: number },
): HostParts {
  return {
    native,
    clock: systemClock,
    random: systemRandom,
    disk: openSystemDisk(settings.dataDirectory),
    hybridClock: ids.hybridClock,
    ownerEpoch: ids.ownerEpoch,
    encodeBase: pool.encodeBase,
    decodeBase: pool.decodeBase,
    flushPolicy: {
      ...defaultFlushPolicy,
      sizeBytes: settings.flushSizeBytes,
      idleMs: settings.flushIdleMs,
    },
    log: { fileSizeBytes: logFileSizeBytes, zeroAheadBytes: mebibyte },
    syncIntervalMs: settings.syncIntervalMs,
    indexThreadCount: 1,
  };
}
