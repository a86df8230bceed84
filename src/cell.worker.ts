// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Entry of a cell: builds the real parts inside the worker and hosts actors until closed.

import { type CellTask, runCell } from '../actors/index.ts';
import { AppliedCounters } from '../pipelines/index.ts';
import { createComputePool } from './compute-pool.ts';
import { createStream, type Settings } from './core/index.ts';
import { engineFactories } from './engine.ts';
import { realHostParts } from './host-parts.ts';
import type { AppliedEvent } from './model/index.ts';

export interface CellSettings {
  readonly settings: Settings;
  readonly hybridClock: number;
  readonly ownerEpoch: number;
  readonly counters: SharedArrayBuffer;
}

export default async function cell(task: CellTask): Promise<void> {
  const { settings, hybridClock, ownerEpoch, counters } = task.settings as CellSettings;
  const pool = createComputePool();
  const parts = realHostParts(settings, pool, { hybridClock, ownerEpoch });
  const applied = createStream<AppliedEvent>((name, error) => {
    process.emitWarning(`applied stream consumer ${name} was cut off: ${String(error)}`);
  });
  const counted = new AppliedCounters(counters);
  applied.consume('metrics', (event) => counted.count(event));
  await runCell(task, {
    clock: parts.clock,
    factories: engineFactories(parts, null),
    publish: applied.publish,
  });
  applied.complete();
  parts.native.releaseOwner(ownerEpoch);
  await pool.close();
}
