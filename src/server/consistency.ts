// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// How fresh a read must be, from the several ways a request can say it. New clients send a level or
// ask for the collection's own; old ones send level 0 and a marker in guarantee_timestamp; all may
// send a timestamp that they have seen.

import { DbError } from '../core/index.ts';
import { consistencyLevels, isConsistencyLevel } from '../model/index.ts';
import type { ReadConsistency } from '../service/index.ts';

/** What an old client writes into guarantee_timestamp to name a level. */
const eventuallyMarker = 1n;
const boundedMarker = 2n;

/** Resolves use_default_consistency, consistency_level and guarantee_timestamp of a request. */
export function resolveConsistency(
  useDefault: boolean,
  level: number,
  guarantee: bigint,
): ReadConsistency {
  if (useDefault) return { level: null, guarantee };
  if (!isConsistencyLevel(level)) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'consistency_level',
      expected: '0 to 4',
      received: level,
    });
  }
  if (level !== consistencyLevels.Strong || guarantee === 0n) return { level, guarantee };
  if (guarantee === eventuallyMarker) return { level: consistencyLevels.Eventually, guarantee: 0n };
  if (guarantee === boundedMarker) return { level: consistencyLevels.Bounded, guarantee: 0n };
  return { level: consistencyLevels.Customized, guarantee };
}
