// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rules on files as text: their size, their first lines, words that must not stay, documents.

import { type Finding, isSource, type SourceFile } from './files.ts';

/** Lines of a file written by hand. */
export const fileLinesMax = 600;
/** Bytes of any file; larger ones belong to a release, not to a repository. */
export const fileBytesMax = 1 << 20;

// Each with a bracket inside, so that this file keeps its own rule.
const openWords = /\b(?:TO[D]O|FIX[M]E|HA[C]K|XX[X])\b/;
const machinePath = /(?:^|["'`\s(=:])\/(?:work|root|farm)(?:\/|\b(?=["'`\s)]))/;
const registryAddress = /"resolved"\s*:|https?:\/\/[\w.-]*(?:registry|mirror|proxy)[\w.-]*/;

function whole(file: SourceFile, message: string): Finding {
  return { path: file.path, line: 0, message };
}

/** Findings in lines that match; `message` says what to do. */
function matching(file: SourceFile, pattern: RegExp, message: string): readonly Finding[] {
  return file.text
    .split('\n')
    .flatMap((text, index) =>
      pattern.test(text) ? { path: file.path, line: index + 1, message } : [],
    );
}

/** Rules of every text file. */
export function textFindings(file: SourceFile): readonly Finding[] {
  const open = isSource(file.path) || file.path.endsWith('.md');
  return [
    ...matching(file, machinePath, 'a path of one machine: make it relative or a setting'),
    ...matching(file, registryAddress, 'the address of a registry: leave it to the client'),
    ...(open ? matching(file, openWords, 'left open: do it, or write an issue') : []),
  ];
}

/** Rules of files in a programming language. */
export function sourceFindings(file: SourceFile): readonly Finding[] {
  const lines = file.text.split('\n');
  const findings: Finding[] = [];
  if (lines.length > fileLinesMax + 1) {
    findings.push(
      whole(file, `${lines.length - 1} lines, at most ${fileLinesMax}: find the second idea`),
    );
  }
  const problem = headerProblem(lines);
  if (problem !== null) findings.push(whole(file, problem));
  return findings;
}

/** What is wrong with the first lines of a file; null when they are as they should be. */
function headerProblem(lines: readonly string[]): string | null {
  const head = (lines[0] ?? '').startsWith('#!') ? lines.slice(1) : lines;
  const mark = (head[0] ?? '').startsWith('#') ? '#' : '//';
  if (head[0] !== `${mark} SPDX-License-Identifier: Apache-2.0`) return 'no licence line';
  if (head[1] !== `${mark} Copyright the Dipper authors`) return 'no copyright line';
  if (head[2] !== mark) return 'no empty comment line after the copyright';
  const why = head
    .slice(3, 6)
    .filter((line) => line.startsWith(`${mark} `))
    .join(' ');
  return /\w+ \w+/.test(why) ? null : 'no sentence that says why the file exists';
}

/** Rules of documents: one title each. */
export function markdownFindings(file: SourceFile): readonly Finding[] {
  const prose = file.text.replace(/^```[\s\S]*?^```/gm, '');
  const titles = prose.split('\n').filter((line) => line.startsWith('# ')).length;
  return titles === 1
    ? []
    : [whole(file, `${titles} titles (lines that begin with "# "), must be 1`)];
}

/** Paths that a document names in backquotes and that are not there. */
export function missingPaths(
  file: SourceFile,
  exists: (path: string) => boolean,
): readonly Finding[] {
  const named =
    /`((?:src|actors|pipelines|native|connectors|test|bench|docs|scripts|\.ci)\/[\w./-]*)`/g;
  return file.text.split('\n').flatMap((text, index) =>
    [...text.matchAll(named)]
      .map((match) => match[1] ?? '')
      .filter((path) => !exists(path))
      .map((path) => ({ path: file.path, line: index + 1, message: `${path} does not exist` })),
  );
}

/** Constants of the limits file that no other file reads. */
export function unusedLimits(
  limits: SourceFile,
  others: readonly SourceFile[],
): readonly Finding[] {
  const names = [...limits.text.matchAll(/^export const (\w+)/gm)].map((match) => match[1] ?? '');
  return names
    .filter((name) => {
      const word = new RegExp(`\\b${name}\\b`, 'g');
      const here = [...limits.text.matchAll(word)].length;
      return here < 2 && !others.some((file) => file.text.match(word) !== null);
    })
    .map((name) => whole(limits, `${name} is checked nowhere`));
}

/** Limits that native code has a constant of the same name for, with another value. */
export function limitsThatDiffer(
  limits: Readonly<Record<string, number>>,
  others: readonly SourceFile[],
): readonly Finding[] {
  const constant = /^constexpr \w+ (\w+) = ([\d']+)[uUlL]*;/gm;
  return others
    .filter((file) => /\.(cc|h)$/.test(file.path))
    .flatMap((file) =>
      [...file.text.matchAll(constant)].flatMap(([, name = '', digits = '']) => {
        const expected = limits[name];
        const received = Number(digits.replaceAll("'", ''));
        if (expected === undefined || expected === received) return [];
        return whole(file, `${name} is ${received}, src/core/limits.ts says ${expected}`);
      }),
    );
}
