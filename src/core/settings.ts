// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What a user tunes: one plain frozen record, checked once, from flags, then environment, then
// defaults. The only place that reads environment variables.

import { DbError } from './db-error.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly dataDirectory: string;
  /** Worker threads that host actors; 0 = all on the main thread. */
  readonly cellCount: number;
  /** Threads of the native pool; 0 = one for each core that the process may use. */
  readonly nativeThreadCount: number;
  /** A shard's rows in memory become files at this size. */
  readonly flushSizeBytes: number;
  /** Rows that nothing touches become files after this. */
  readonly flushIdleMs: number;
  /** Collections with durability=interval are synced this often. */
  readonly syncIntervalMs: number;
}

interface SettingSpec {
  readonly flag: string;
  readonly variable: string;
  readonly help: string;
  readonly fallback: string;
  readonly min?: number;
  readonly max?: number;
}

const specs: Readonly<Record<keyof Settings, SettingSpec>> = {
  host: {
    flag: 'host',
    variable: 'DIPPER_HOST',
    help: 'address to listen on',
    fallback: '127.0.0.1',
  },
  port: {
    flag: 'port',
    variable: 'DIPPER_PORT',
    help: 'gRPC and REST; 0 = any free one',
    fallback: '19530',
    min: 0,
    max: 65_535,
  },
  metricsPort: {
    flag: 'metrics-port',
    variable: 'DIPPER_METRICS_PORT',
    help: '/healthz and /metrics, on loopback; 0 = any free one',
    fallback: '9091',
    min: 0,
    max: 65_535,
  },
  dataDirectory: {
    flag: 'data',
    variable: 'DIPPER_DATA',
    help: 'data directory',
    fallback: './dipper-data',
  },
  cellCount: {
    flag: 'cells',
    variable: 'DIPPER_CELLS',
    help: 'worker threads for shards',
    fallback: '1',
    min: 0,
    max: 64,
  },
  nativeThreadCount: {
    flag: 'native-threads',
    variable: 'DIPPER_NATIVE_THREADS',
    help: 'threads of the native pool; 0 = one a core',
    fallback: '0',
    min: 0,
    max: 256,
  },
  flushSizeBytes: {
    flag: 'flush-size-bytes',
    variable: 'DIPPER_FLUSH_SIZE_BYTES',
    help: "a shard's rows in memory become files at this size",
    fallback: String(512 * 1024 * 1024),
    min: 1_048_576,
    max: 2_000_000_000,
  },
  flushIdleMs: {
    flag: 'flush-idle-ms',
    variable: 'DIPPER_FLUSH_IDLE_MS',
    help: 'rows that nothing touches become files after this',
    fallback: '600000',
    min: 1,
    max: 86_400_000,
  },
  syncIntervalMs: {
    flag: 'sync-interval-ms',
    variable: 'DIPPER_SYNC_INTERVAL_MS',
    help: 'collections with durability=interval are synced this often',
    fallback: '200',
    min: 1,
    max: 60_000,
  },
};

/** Throws settings-invalid for unknown flags and values out of range. */
export function loadSettings(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const flags = readFlags(args);
  const known = new Set(Object.values(specs).map((spec) => spec.flag));
  for (const flag of flags.keys()) {
    if (!known.has(flag))
      throw invalid(
        `--${flag}`,
        `one of ${[...known].map((name) => `--${name}`).join(' ')}`,
        'an unknown flag',
      );
  }
  const text = (key: keyof Settings): string =>
    flags.get(specs[key].flag) ?? environment[specs[key].variable] ?? specs[key].fallback;
  const number = (key: keyof Settings): number => {
    const { min = 0, max = Number.MAX_SAFE_INTEGER, flag } = specs[key];
    const value = Number(text(key));
    if (text(key).trim() !== '' && Number.isInteger(value) && value >= min && value <= max)
      return value;
    throw invalid(`--${flag}`, `an integer in [${min}, ${max}]`, text(key));
  };
  return Object.freeze({
    host: text('host'),
    port: number('port'),
    metricsPort: number('metricsPort'),
    dataDirectory: text('dataDirectory'),
    cellCount: number('cellCount'),
    nativeThreadCount: number('nativeThreadCount'),
    flushSizeBytes: number('flushSizeBytes'),
    flushIdleMs: number('flushIdleMs'),
    syncIntervalMs: number('syncIntervalMs'),
  });
}

/** One line a setting, for --help. */
export function settingsHelp(): string {
  return Object.values(specs)
    .map(
      (spec) =>
        `  --${spec.flag.padEnd(18)} ${spec.help} (${spec.variable}, default ${spec.fallback})`,
    )
    .join('\n');
}

function readFlags(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (!arg.startsWith('--')) throw invalid('arguments', 'flags like --port N', arg);
    const equals = arg.indexOf('=');
    const value = equals > 0 ? arg.slice(equals + 1) : args[++i];
    const name = equals > 0 ? arg.slice(2, equals) : arg.slice(2);
    if (value === undefined) throw invalid(`--${name}`, 'a value', 'none');
    flags.set(name, value);
  }
  return flags;
}

function invalid(field: string, expected: string, received: string): DbError {
  return new DbError({
    code: 'settings-invalid',
    field,
    expected,
    received,
    message: `${field}: expected ${expected}, received ${received}`,
  });
}
