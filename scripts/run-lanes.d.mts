// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Types of the parts of run-lanes.mjs that have a test.

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
}

export type Parsed =
  | { readonly full: boolean; readonly names: readonly string[]; readonly error?: undefined }
  | { readonly error: string; readonly full?: undefined; readonly names?: undefined };

export declare function parseArguments(args: readonly string[]): Parsed;
export declare function countReport(report: Report | null): Counts;
export declare function verdict(counts: Readonly<Counts>): 0 | 1;
