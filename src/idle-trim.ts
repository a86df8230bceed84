// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// When the process gives memory back. The native pool tells malloc to keep the buffers of large
// requests, since fresh pages for each took a quarter of an insert's time; what is kept is given
// back here once nothing happens.

import type { NativeFace } from '../native/index.ts';
import type { Clock } from './core/index.ts';

/** Work below this share of a core counts as idle. */
const idleShare = 0.1;
const checkMs = 5_000;

/**
 * Gives freed memory back to the system when the process is idle. While it works it keeps freed
 * buffers for the next request instead. The returned function ends it.
 */
export function trimWhenIdle(clock: Clock, native: NativeFace): () => void {
  let usage = process.cpuUsage();
  let trimmed = false;
  let cancel = (): void => undefined;
  const check = (): void => {
    const spent = process.cpuUsage(usage);
    usage = process.cpuUsage();
    const idle = (spent.user + spent.system) / 1_000 < checkMs * idleShare;
    if (idle && !trimmed) native.trimMemory();
    trimmed = idle;
    cancel = clock.timer(checkMs, check);
  };
  cancel = clock.timer(checkMs, check);
  return () => cancel();
}
