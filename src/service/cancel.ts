// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Ties a call's deadline and abort signal to the native cancel flag.

import { DbError } from '../core/index.ts';
import type { NativeHandle } from '../../native/index.ts';
import type { CallContext } from './api.ts';
import type { ServiceDeps } from './deps.ts';

/** Runs a native call that stops soon after the deadline passed or the signal was raised. */
export async function withCancel<T>(
  deps: ServiceDeps,
  context: CallContext,
  run: (cancel: NativeHandle) => Promise<T>,
): Promise<T> {
  if (context.timeoutMs <= 0 && context.signal === null) return run(0);
  const { native, clock } = deps;
  const cancel = native.createCancel();
  let timedOut = false;
  const raise = (): void => native.raiseCancel(cancel);
  const stopTimer =
    context.timeoutMs <= 0
      ? null
      : clock.timer(context.timeoutMs, () => {
          timedOut = true;
          raise();
        });
  context.signal?.addEventListener('abort', raise);
  try {
    return await run(cancel);
  } catch (thrown) {
    if (timedOut)
      throw new DbError({
        code: 'timeout',
        message: `the call took longer than ${context.timeoutMs} ms`,
      });
    throw thrown;
  } finally {
    stopTimer?.();
    context.signal?.removeEventListener('abort', raise);
    native.releaseCancel(cancel);
  }
}
