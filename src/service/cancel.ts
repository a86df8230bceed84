// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Ties a call's deadline and its caller's leaving to the native cancel flag.

import { DbError } from '../core/index.ts';
import type { NativeHandle } from '../../native/index.ts';
import type { CallContext } from './api.ts';
import type { ServiceDeps } from './deps.ts';

/** Runs a native call that stops soon after the deadline passed or the caller left. */
export async function withCancel<T>(
  deps: ServiceDeps,
  context: CallContext,
  run: (cancel: NativeHandle) => Promise<T>,
): Promise<T> {
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
  const forget = context.onAbort(raise);
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
    forget();
    native.releaseCancel(cancel);
  }
}
