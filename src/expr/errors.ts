// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// How a filter is refused. The text begins with Milvus's phrases, which its SDK tests match on;
// ours follows: where it went wrong, with a caret under the place, and the nearest known name.

import { DbError } from '../core/index.ts';

const quotedLengthMax = 512;
const caretContext = 60;
const prefix = 'failed to create query plan:';

/** A filter that cannot be parsed or bound. position is a UTF-16 offset into text. */
export function expressionError(text: string, position: number, problem: string): DbError {
  return new DbError({
    code: 'expression-invalid',
    message:
      `${prefix} cannot parse expression: ${clip(text)}, ` +
      `error: ${problem}${caret(text, position)}`,
  });
}

/** A filter that is well formed but no predicate. */
export function notBooleanError(text: string, typeName: string): DbError {
  return new DbError({
    code: 'expression-invalid',
    message: `${prefix} predicate is not a boolean expression: ${clip(text)}, data type: ${typeName}`,
  });
}

/** `; did you mean "color"?` when a candidate is near enough, else nothing. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  let best = '';
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === '' ? '' : `; did you mean "${best}"?`;
}

function clip(text: string): string {
  return text.length <= quotedLengthMax ? text : `${text.slice(0, quotedLengthMax)}...`;
}

function caret(text: string, position: number): string {
  const lineStart = text.lastIndexOf('\n', position - 1) + 1;
  const nextBreak = text.indexOf('\n', position);
  const from = Math.max(lineStart, position - caretContext);
  const to = Math.min(nextBreak < 0 ? text.length : nextBreak, position + caretContext);
  const line = text.slice(from, to).replaceAll('\t', ' ');
  return ` at position ${position}\n  ${line}\n  ${' '.repeat(position - from)}^`;
}

/** Levenshtein distance, given up (as `limit`) once it cannot stay below the limit. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return row[b.length] ?? limit;
}
