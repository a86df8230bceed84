// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Consistency levels under Milvus's names and numbers.

export const consistencyLevels = {
  Strong: 0,
  Session: 1,
  Bounded: 2,
  Eventually: 3,
  Customized: 4,
} as const;

export type ConsistencyName = keyof typeof consistencyLevels;
export type ConsistencyLevel = (typeof consistencyLevels)[ConsistencyName];

export function isConsistencyLevel(value: number): value is ConsistencyLevel {
  return Number.isInteger(value) && value >= 0 && value <= 4;
}
