// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The text of /metrics, in Prometheus's format: what shards applied, native memory by class, the
// process. Names follow Milvus's where it has the same figure.

import type { AppliedCounterName, AppliedCounters } from '../pipelines/index.ts';
import { type NativeFace } from '../native/index.ts';

const memoryClasses = [
  'growing',
  'sealed',
  'index',
  'scratch',
  'import',
  'cache',
  'inflight',
] as const;

export interface MetricSources {
  readonly native: NativeFace;
  readonly counters: readonly AppliedCounters[];
  readonly collectionCount: () => number;
  readonly startedMs: number;
}

export function metricsText(sources: MetricSources): string {
  const lines: string[] = [];
  const metric = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    samples: readonly string[],
  ): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
  };
  const total = (name: AppliedCounterName): number =>
    sources.counters.reduce((sum, counters) => sum + counters.value(name), 0);
  const applied = (metricName: string, help: string, name: AppliedCounterName): void =>
    metric(metricName, 'counter', help, [`${metricName} ${total(name)}`]);
  applied(
    'dipper_applied_envelopes_total',
    'Log envelopes applied, replayed ones included.',
    'envelopes',
  );
  applied('dipper_applied_inserted_rows_total', 'Rows applied by inserts.', 'insertedRows');
  applied('dipper_applied_deleted_rows_total', 'Rows hidden by deletes.', 'deletedRows');
  applied(
    'dipper_applied_shadowed_rows_total',
    'Rows shadowed by a newer row of the same key.',
    'shadowedRows',
  );
  applied('dipper_applied_body_bytes_total', 'Bytes of applied log bodies.', 'bodyBytes');
  metric('milvus_rootcoord_collection_num', 'gauge', 'Collections in the catalogue.', [
    `milvus_rootcoord_collection_num ${sources.collectionCount()}`,
  ]);
  const memory = sources.native.memoryUse();
  const samples = (name: string, offset: number): string[] =>
    memoryClasses.map((kind, i) => `${name}{class="${kind}"} ${memory[3 * i + offset] ?? 0}`);
  metric(
    'dipper_native_memory_bytes',
    'gauge',
    'Native memory in use, by class.',
    samples('dipper_native_memory_bytes', 0),
  );
  metric(
    'dipper_native_memory_peak_bytes',
    'gauge',
    'Most native memory used, by class.',
    samples('dipper_native_memory_peak_bytes', 2),
  );
  metric('dipper_simd_info', 'gauge', 'Instruction set that the kernels use.', [
    `dipper_simd_info{level="${sources.native.simdLevel()}"} 1`,
  ]);
  const usage = process.cpuUsage();
  metric('process_cpu_seconds_total', 'counter', 'CPU time of the process.', [
    `process_cpu_seconds_total ${(usage.user + usage.system) / 1e6}`,
  ]);
  metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', [
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  ]);
  metric('process_start_time_seconds', 'gauge', 'Start of the process.', [
    `process_start_time_seconds ${sources.startedMs / 1000}`,
  ]);
  return `${lines.join('\n')}\n`;
}
