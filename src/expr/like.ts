// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The like pattern language: % is any run, _ one code point, \ takes the next character as it is.
// The matcher here is the oracle's, plain dynamic programming; the fast one is native.

type PatternItem = 'run' | 'one' | { readonly exact: string };

/** False when the pattern ends in a backslash that escapes nothing. */
export function isWellFormedPattern(pattern: string): boolean {
  const tail = /\\*$/.exec(pattern)?.[0].length ?? 0;
  return tail % 2 === 0;
}

function parsePattern(pattern: string): PatternItem[] {
  const items: PatternItem[] = [];
  const points = [...pattern];
  for (let i = 0; i < points.length; i++) {
    const point = points[i] ?? '';
    if (point === '%') items.push('run');
    else if (point === '_') items.push('one');
    else if (point === '\\') items.push({ exact: points[++i] ?? '' });
    else items.push({ exact: point });
  }
  return items;
}

/** Whether a whole text matches a well-formed pattern. */
export function matchesLike(text: string, pattern: string): boolean {
  const points = [...text];
  // reached[i]: the items so far can match the first i code points
  let reached = points.map(() => false);
  reached.unshift(true);
  for (const item of parsePattern(pattern)) {
    const next = reached.map(() => false);
    for (let i = 0; i <= points.length; i++) {
      if (item === 'run') next[i] = reached[i] === true || (i > 0 && next[i - 1] === true);
      else if (i > 0)
        next[i] = reached[i - 1] === true && (item === 'one' || item.exact === points[i - 1]);
    }
    reached = next;
  }
  return reached.at(-1) === true;
}
