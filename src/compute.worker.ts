// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Entry of the compute pool: stateless work on bytes that would stall an actor. The pool's thread
// ends when idle, and with it the WebAssembly memory that never shrinks by itself.

import { decodeBaseParquet, encodeBaseParquet } from './storage/index.ts';

export interface ComputeTask {
  readonly work: 'encode-base' | 'decode-base';
  readonly bytes: Uint8Array;
  readonly schemaJson: string;
}

export default async function compute(task: ComputeTask): Promise<Uint8Array> {
  return task.work === 'encode-base'
    ? encodeBaseParquet(task.bytes, task.schemaJson)
    : decodeBaseParquet(task.bytes, task.schemaJson);
}
