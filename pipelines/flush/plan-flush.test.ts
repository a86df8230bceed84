// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The flush policy as a table.

import { expect, test } from 'vitest';
import { planFlush } from './plan-flush.ts';

const policy = { sizeBytes: 100, idleMs: 1_000, retryMs: 10 };
const calm = { growingBytes: 0, appliedSinceFlush: 0, attemptRunning: false, requested: false };

test.each([
  ['nothing happened', calm, 'no'],
  [
    'rows below the size wait until idle',
    { ...calm, growingBytes: 99, appliedSinceFlush: 1 },
    'when-idle',
  ],
  ['the size is reached', { ...calm, growingBytes: 100, appliedSinceFlush: 1 }, 'now'],
  ['somebody asks', { ...calm, requested: true }, 'now'],
  [
    'one attempt at a time',
    { ...calm, growingBytes: 500, requested: true, attemptRunning: true },
    'no',
  ],
  ['deletes alone also wait until idle', { ...calm, appliedSinceFlush: 3 }, 'when-idle'],
])('%s', (_name, situation, decision) => {
  expect(planFlush(situation, policy)).toBe(decision);
});
