// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of the pipelines.

export { defaultFlushPolicy, type FlushPolicy, planFlush } from './flush/plan-flush.ts';
export { removeOrphans } from './flush/remove-orphans.ts';
export {
  type FlushedFiles,
  type FlushJob,
  type FlushSource,
  runFlush,
  type ShardFilesDeps,
} from './flush/run-flush.ts';
export {
  type IndexBuildSpec,
  needsIndexFile,
  planIndexBuild,
} from './index-build/plan-index-build.ts';
export { type IndexFile, metricNumbers, runIndexBuild } from './index-build/run-index-build.ts';
export { AppliedCounters, type AppliedCounterName } from './applied/applied-counters.ts';
