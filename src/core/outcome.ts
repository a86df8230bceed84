// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The result of work done elsewhere, as plain data: what an actor gets back as a message.

import { DbError, type ErrorData } from './db-error.ts';

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ErrorData };

export function succeeded<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function failed(thrown: unknown): { readonly ok: false; readonly error: ErrorData } {
  return { ok: false, error: DbError.from(thrown).toData() };
}
