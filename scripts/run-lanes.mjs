#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// `npm test`: builds, runs the lanes of vitest.config.ts one after the other, each under a budget
// in minutes, and adds up what their reports say. A lane that ends without a report, without a
// single test or past its budget counts as one failure, so silence is never a pass. Reasons for
// skips are the lines "...skipped: why" that the lanes print; they are repeated at the end.
//
//   npm test                      every lane
//   npm test -- unit sim          these lanes only
//   npm test -- --full            the long forms: more kill rounds, more simulation seeds

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lanes, longForms } from './lanes.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, '.cache/test-reports');
const minuteMs = 60_000;

/** Takes the arguments apart; an unknown lane is a mistake, not an empty run. */
export function parseArguments(args) {
  const full = args.includes('--full');
  const names = args.filter((argument) => argument !== '--full');
  const unknown = names.filter((name) => !(name in lanes));
  if (unknown.length > 0) {
    const known = Object.keys(lanes).join(', ');
    return { error: `unknown ${unknown.join(', ')}; lanes are ${known}, and there is --full` };
  }
  return { full, names: names.length > 0 ? names : Object.keys(lanes) };
}

/** Counts of one vitest JSON report; null stands for a report that was never written. */
export function countReport(report) {
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded fails without having a test.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + broken.length;
  const silent = passed + failed + skipped === 0 || (!report.success && failed === 0);
  return { passed, failed: silent ? failed + 1 : failed, skipped };
}

/** The exit code of a whole run: nothing may have failed and something must have passed. */
export function verdict(counts) {
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

async function runLane(name, environment) {
  const file = join(reports, `${name}.json`);
  rmSync(file, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const child = spawn(process.execPath, [vitest, 'run', '--project', name, ...reporters], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const reasons = new Set();
  forward(child.stdout, process.stdout, reasons);
  forward(child.stderr, process.stderr, reasons);
  let overBudget = false;
  const budget =
    environment.DIPPER_TEST_FULL === '1' ? lanes[name].fullMinutes : lanes[name].minutes;
  const timer = setTimeout(() => {
    overBudget = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, budget * minuteMs);
  const startedMs = Date.now();
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  const counts = countReport(overBudget ? null : readReport(file));
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  const note = overBudget ? `stopped: over its ${budget} minutes` : '';
  return { name, ...counts, seconds: (Date.now() - startedMs) / 1000, reasons: [...reasons], note };
}

/** Copies a stream through and keeps the reasons for skips that pass by. */
function forward(from, to, reasons) {
  let rest = '';
  from.on('data', (chunk) => {
    to.write(chunk);
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const reason = /\bskipped: (.+)$/.exec(line);
      if (reason !== null) reasons.add(reason[1].trim());
    }
  });
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Never written, or cut off: the caller counts it as a failure.
    return null;
  }
}

function build() {
  const child = spawn(process.execPath, [join(root, 'scripts/build.mjs')], {
    cwd: root,
    stdio: 'inherit',
  });
  return once(child, 'close').then(([code]) => code === 0);
}

function lineOf({ name, passed, failed, skipped, seconds, reasons, note }) {
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  const why = reasons.map((reason) => `\n           skipped: ${reason}`).join('');
  return `${name.padEnd(8)} ${counts} in ${seconds.toFixed(0)} s ${note}`.trimEnd() + why;
}

async function main(args) {
  const parsed = parseArguments(args);
  if (parsed.error !== undefined) {
    process.stderr.write(`npm test: ${parsed.error}\n`);
    return 1;
  }
  const results = [];
  const say = (text) => process.stdout.write(`${text}\n`);
  mkdirSync(reports, { recursive: true });
  if (await build()) {
    for (const name of parsed.names) {
      say(`\n== ${name}: ${lanes[name].title}`);
      results.push(await runLane(name, parsed.full ? longForms : {}));
    }
  } else {
    results.push({
      name: 'build',
      passed: 0,
      failed: 1,
      skipped: 0,
      seconds: 0,
      reasons: [],
      note: '',
    });
  }
  say('');
  for (const result of results) say(lineOf(result));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const counts = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return verdict(counts);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}
