// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// From the raw figures of all rounds to the table a reader wants: medians, and what the others need
// in terms of what Dipper needs.

import type { RoundFigures } from './round.ts';
import type { SystemName } from './systems.ts';

export type Results = Readonly<Partial<Record<SystemName, readonly RoundFigures[]>>>;

interface TableLine {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Rates: the larger the better. */
  readonly moreIsBetter: boolean;
  /** Neither better nor worse; no ratio is given. */
  readonly plain?: boolean;
  readonly value: (figures: RoundFigures) => number | undefined;
}

type InsertRate = 'rawRowsPerSecond' | 'rawFourInFlightRowsPerSecond' | 'pymilvusRowsPerSecond';

/** The fastest mode of those whose acknowledgement means the same. */
function insertRate(figures: RoundFigures, durable: boolean, rate: InsertRate): number | undefined {
  const modes = figures.inserts?.filter((mode) => mode.durable === durable) ?? [];
  return modes.length === 0 ? undefined : Math.max(...modes.map((mode) => mode[rate]));
}

function insertLine(title: string, durable: boolean, rate: InsertRate): TableLine {
  const value = (figures: RoundFigures): number | undefined => insertRate(figures, durable, rate);
  return { title: `insert, ${title}`, unit: 'rows/s', digits: 0, moreIsBetter: true, value };
}

function costLine(
  title: string,
  unit: string,
  digits: number,
  value: TableLine['value'],
): TableLine {
  return { title, unit, digits, moreIsBetter: false, value };
}

function plainLine(title: string, digits: number, value: TableLine['value']): TableLine {
  return { title, unit: '', digits, moreIsBetter: true, plain: true, value };
}

const table: readonly TableLine[] = [
  costLine('process start to first answer', 'ms', 0, (f) => f.firstAnswerMs),
  costLine('kill -9, start, collection searchable', 'ms', 0, (f) => f.searchableAfterKillMs),
  insertLine('durable, raw client', true, 'rawRowsPerSecond'),
  insertLine('durable, raw client, 4 in flight', true, 'rawFourInFlightRowsPerSecond'),
  insertLine('durable, pymilvus', true, 'pymilvusRowsPerSecond'),
  insertLine('not durable, raw client', false, 'rawRowsPerSecond'),
  insertLine('not durable, pymilvus', false, 'pymilvusRowsPerSecond'),
  costLine('insert returned to first Strong hit, p50', 'ms', 1, (f) => f.fresh?.p50Ms),
  costLine('insert returned to first Strong hit, p99', 'ms', 1, (f) => f.fresh?.p99Ms),
  costLine('CPU a query at recall .95', 'ms', 3, (f) => f.searches?.at95.serverCpuMsPerQuery),
  plainLine('its recall@10', 4, (f) => f.searches?.at95.recall),
  plainLine('its ef', 0, (f) => f.searches?.at95.ef),
  costLine('CPU a query at recall .99', 'ms', 3, (f) => f.searches?.at99.serverCpuMsPerQuery),
  plainLine('its recall@10', 4, (f) => f.searches?.at99.recall),
  plainLine('its ef', 0, (f) => f.searches?.at99.ef),
  costLine('CPU a query, filter 1 %', 'ms', 3, (f) => f.filters?.percent1.serverCpuMsPerQuery),
  plainLine('its recall@10', 4, (f) => f.filters?.percent1.recall),
  costLine('CPU a query, filter 10 %', 'ms', 3, (f) => f.filters?.percent10.serverCpuMsPerQuery),
  plainLine('its recall@10', 4, (f) => f.filters?.percent10.recall),
  costLine('memory 30 s after load (PSS)', 'MiB', 0, (f) => f.memoryMebibytes),
  costLine('idle CPU of a core', '%', 1, (f) => f.idleCpuPercent),
  costLine('flush and index the data', 's', 1, (f) => f.indexSeconds),
];

/** The middle value; the mean of the two middle ones for an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** A markdown table: a column for each system, and how many times better than each peer. */
export function markdownTable(results: Results): string {
  const names = Object.keys(results) as SystemName[];
  const peers = names.filter((name) => name !== 'dipper');
  const withRatios = names.includes('dipper') ? peers : [];
  const header = ['line', ...names, ...withRatios.map((name) => `against ${name}`)];
  const lines = [header, header.map(() => '---')];
  for (const line of table) {
    const cells = names.map((name) => valueOf(line, results[name] ?? []));
    if (cells.every((cell) => cell === null)) continue;
    const ours = cells[names.indexOf('dipper')] ?? null;
    const ratios = withRatios.map((name) =>
      ratioText(line, ours, cells[names.indexOf(name)] ?? null),
    );
    lines.push([line.title, ...cells.map((cell) => cellText(line, cell)), ...ratios]);
  }
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function valueOf(line: TableLine, rounds: readonly RoundFigures[]): number | null {
  const values = rounds.map(line.value).filter((value) => value !== undefined);
  return values.length === 0 ? null : median(values);
}

function cellText(line: TableLine, value: number | null): string {
  return value === null ? '' : `${value.toFixed(line.digits)} ${line.unit}`.trim();
}

function ratioText(line: TableLine, ours: number | null, theirs: number | null): string {
  if (line.plain === true || ours === null || theirs === null) return '';
  const ratio = line.moreIsBetter ? ours / theirs : theirs / ours;
  return `${ratio.toFixed(ratio < 10 ? 2 : 0)} times better`;
}
