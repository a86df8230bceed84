// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The options of the bench of the first path.

import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';

import { systems, type SystemName } from './systems.ts';

export const allLines = [
  'start',
  'insert',
  'memory',
  'search',
  'filter',
  'fresh',
  'recover',
] as const;
export type Line = (typeof allLines)[number];

export interface BenchSettings {
  readonly systems: readonly SystemName[];
  readonly lines: readonly Line[];
  readonly rounds: number;
  readonly rows: number;
  readonly insertRows: number;
  readonly durationMs: number;
  readonly date: string;
  readonly output: string | null;
}

const usage = `npm run bench -- first-path [options]
  --systems a,b     ${Object.keys(systems).join(', ')} (all)
  --lines a,b       ${allLines.join(', ')} (all)
  --rounds N        interleaved rounds, the median counts (3)
  --rows N          rows of Fashion-MNIST to serve (60000)
  --insert-rows N   rows of an insert measurement (20000)
  --seconds N       length of a search measurement (5)
  --date DAY        the date that the results carry, YYYY-MM-DD (required)
  --output FILE     where the results go (bench/results/first-path-DAY.json); '-' for nowhere`;

/** Reads the command line; prints the usage and returns null when that is asked for or needed. */
export function readSettings(args: readonly string[]): BenchSettings | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      systems: text,
      lines: text,
      rounds: text,
      rows: text,
      seconds: text,
      date: text,
      'insert-rows': text,
      output: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help === true || values.date === undefined) {
    process.stdout.write(`${usage}\n`);
    return null;
  }
  assert(/^\d{4}-\d{2}-\d{2}$/.test(values.date), `--date ${values.date}: YYYY-MM-DD is expected`);
  const rows = Number(values.rows ?? 60_000);
  const output = values.output ?? `bench/results/first-path-${values.date}.json`;
  return {
    systems: choose(values.systems, Object.keys(systems) as SystemName[], '--systems'),
    lines: choose(values.lines, allLines, '--lines'),
    rounds: Number(values.rounds ?? 3),
    rows,
    insertRows: Math.min(rows, Number(values['insert-rows'] ?? 20_000)),
    durationMs: Number(values.seconds ?? 5) * 1000,
    date: values.date,
    output: output === '-' ? null : output,
  };
}

function choose<T extends string>(
  text: string | undefined,
  all: readonly T[],
  option: string,
): T[] {
  if (text === undefined) return [...all];
  return text.split(',').map((name) => {
    const known = all.find((one) => one === name);
    assert(known !== undefined, `${option} ${name}: there are ${all.join(', ')}`);
    return known;
  });
}
