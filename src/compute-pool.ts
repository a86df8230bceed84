// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The compute pool of a host: made at the first use, one thread, ended when idle.

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { ComputeTask } from './compute.worker.ts';
import type { SegmentFileDeps } from './storage/index.ts';

const idleMs = 2_000;

export interface ComputePool {
  readonly encodeBase: SegmentFileDeps['encodeBase'];
  readonly decodeBase: SegmentFileDeps['decodeBase'];
  close(): Promise<void>;
}

export function createComputePool(): ComputePool {
  let pool: Piscina | null = null;
  const run = (task: ComputeTask): Promise<Uint8Array> => {
    pool ??= new Piscina({
      filename: fileURLToPath(new URL('./compute.worker.js', import.meta.url)),
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: idleMs,
      atomics: 'disabled',
    });
    return pool.run(task) as Promise<Uint8Array>;
  };
  return {
    encodeBase: (bytes, schemaJson) => run({ work: 'encode-base', bytes, schemaJson }),
    decodeBase: (bytes, schemaJson) => run({ work: 'decode-base', bytes, schemaJson }),
    async close() {
      await pool?.destroy();
    },
  };
}
