// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The bench of the first path: Dipper beside Milvus Lite and Milvus 2.3.5 on Fashion-MNIST, server
// on one core, client on the other, in interleaved rounds of one run. Prints what it does, a table
// with the medians and ratios at the end, and writes every raw number to a file.

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';

import { repositoryRoot } from '../test/support/repository.ts';
import { openDataset } from './dataset.ts';
import { markdownTable, type Results } from './report.ts';
import { runRound, type RoundFigures } from './round.ts';
import { readSettings, type BenchSettings } from './settings.ts';
import { systems, type SystemName } from './systems.ts';

const startedAt = performance.now();

function say(text: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(5);
  process.stderr.write(`${seconds} s  ${text}\n`);
}

async function circumstances(settings: BenchSettings): Promise<object> {
  const info = await readFile('/proc/cpuinfo', 'utf8');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: repositoryRoot });
  return {
    date: settings.date,
    command: `npm run bench -- first-path ${process.argv.slice(2).join(' ')}`,
    commit: commit.toString().trim(),
    processor: cpus()[0]?.model,
    cores: cpus().length,
    flags: /^flags\s*:\s*(.*)$/m.exec(info)?.[1],
    node: process.version,
    peers: { 'milvus-lite': '3.2.2', milvus: '2.3.5', pymilvus: '3.0.2; 2.3.7 for Milvus 2.3.5' },
    settings,
  };
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  if (settings === null) return;
  const data = await openDataset(settings.rows);
  const results: Partial<Record<SystemName, RoundFigures[]>> = {};
  for (let round = 1; round <= settings.rounds; round += 1) {
    for (const name of settings.systems) {
      say(`round ${round} of ${settings.rounds}: ${name}`);
      const figures = await runRound(systems[name], data, settings, (text) => say(`  ${text}`));
      (results[name] ??= []).push(figures);
      await save(settings, results);
    }
  }
  process.stdout.write(`${markdownTable(results)}\n`);
}

/** Written after each measurement, so that a run that is cut off keeps what it has. */
async function save(settings: BenchSettings, results: Results): Promise<void> {
  if (settings.output === null) return;
  const file = join(repositoryRoot, settings.output);
  const body = { ...(await circumstances(settings)), table: markdownTable(results), results };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(body, null, 2)}\n`);
}

await main();
