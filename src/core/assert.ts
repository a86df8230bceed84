// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Assertions are for our own mistakes and stay on in production: a wrong state stops before it is
// written. What the world can do (bad input, a full disk, a damaged file) is a DbError instead.

import { DbError } from './db-error.ts';

/** Stops with an internal error when something that only a bug can break is broken. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new DbError({ code: 'assertion', message: `assertion failed: ${message}` });
}

/** Reads an element that must be there; for loops over arrays under noUncheckedIndexedAccess. */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const value = list[index];
  assert(value !== undefined, `index ${index} lies in a list of ${list.length}`);
  return value;
}
