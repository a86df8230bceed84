// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The status table: numbers of the codes that SDKs act on, and the texts that suites match.

import { expect, test } from 'vitest';
import { DbError, type ErrorCode } from '../core/index.ts';
import { failureOf } from './status.ts';

const subject = { database: '', collection: 'x', index: 'v' };

test.each<[ErrorCode, number, number, boolean]>([
  ['parameter-invalid', 1100, 5, false],
  ['parameter-missing', 1101, 5, false],
  ['expression-invalid', 1100, 5, false],
  ['vector-dimension', 1100, 5, false],
  ['request-malformed', 1100, 5, false],
  ['unimplemented', 10, 1, false],
  ['collection-missing', 100, 4, false],
  ['collection-not-loaded', 101, 1, false],
  ['schema-mismatch', 109, 62, false],
  ['database-missing', 800, 1, false],
  ['partition-missing', 200, 15, false],
  ['index-missing', 700, 25, false],
  ['index-exists', 65535, 1, false],
  ['rate-limit', 8, 49, true],
  ['memory-limit', 3, 52, false],
  ['disk-full', 7, 54, false],
  ['not-ready', 1, 56, true],
  ['timeout', 10001, 1, false],
  ['cancelled', 10000, 1, false],
  ['internal', 5, 1, false],
  ['assertion', 65535, 1, false],
])('%s is %i and %i', (code, modern, legacy, retriable) => {
  const failure = failureOf(new DbError({ code }), subject);
  expect([failure.code, failure.legacyCode, failure.retriable]).toEqual([
    modern,
    legacy,
    retriable,
  ]);
  expect(failure.reason.length).toBeGreaterThan(0);
});

test.each<[ErrorCode, string | undefined, string]>([
  ['collection-missing', undefined, 'collection not found[database=default][collection=x]'],
  [
    'collection-missing',
    'collection x was dropped',
    'collection not found[database=default][collection=x]: collection x was dropped',
  ],
  [
    'collection-not-loaded',
    'collection not loaded[collection=x]',
    'collection not loaded[collection=x]',
  ],
  ['database-missing', undefined, 'database not found[database=default]'],
  ['index-missing', undefined, 'index not found[index=v]'],
  ['parameter-invalid', 'limit is 0', 'limit is 0: invalid parameter'],
  [
    'index-exists',
    'CreateIndex failed: at most one distinct index is allowed per field',
    'CreateIndex failed: at most one distinct index is allowed per field',
  ],
  [
    'expression-invalid',
    'cannot parse expression: id >',
    'failed to create query plan: cannot parse expression: id >',
  ],
])('%s says so in the words that suites match', (code, message, reason) => {
  expect(
    failureOf(new DbError({ code, ...(message === undefined ? {} : { message }) }), subject).reason,
  ).toBe(reason);
});

test("the caller's own mistakes are marked, others are not", () => {
  expect(failureOf(new DbError({ code: 'parameter-invalid' })).inputError).toBe(true);
  expect(failureOf(new DbError({ code: 'disk-full' })).inputError).toBe(false);
});
