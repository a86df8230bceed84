// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Types of lanes.mjs, for the configuration of vitest.

export interface Lane {
  readonly title: string;
  readonly include: readonly string[];
  readonly minutes: number;
  readonly fullMinutes: number;
  readonly testTimeoutMs: number;
  readonly alone: boolean;
}

export declare const lanes: Readonly<Record<string, Lane>>;
export declare const longForms: Readonly<Record<string, string>>;
