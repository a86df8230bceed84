// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The lanes of `npm test` as vitest projects, made from scripts/lanes.mjs. By hand:
// `npx vitest run --project unit src/expr`.

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { type Lane, lanes } from './scripts/lanes.mjs';

function project([name, lane]: [string, Lane]): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      include: [...lane.include],
      pool: lane.alone ? 'forks' : 'threads',
      fileParallelism: !lane.alone,
      testTimeout: lane.testTimeoutMs,
      hookTimeout: lane.testTimeoutMs,
    },
  };
}

export default defineConfig({ test: { projects: Object.entries(lanes).map(project) } });
