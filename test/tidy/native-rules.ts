// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rules on C++ and CUDA. There is no parser at hand, so a function is found by its braces: text
// and comments are blanked, then an opening brace whose head has a parameter list and which stands
// in a namespace, a class or the file itself begins a function.

import type { Finding, SourceFile } from './files.ts';
import { functionLinesMax } from './typescript-rules.ts';

/** Columns of a line of C++. */
const columnsMax = 100;

/** Every finding of one file. */
export function nativeFindings(file: SourceFile): readonly Finding[] {
  return [...longFunctions(file), ...longLines(file)];
}

function longLines(file: SourceFile): readonly Finding[] {
  return file.text.split('\n').flatMap((text, index) => {
    const columns = [...text].length;
    if (columns <= columnsMax) return [];
    return {
      path: file.path,
      line: index + 1,
      message: `${columns} columns, at most ${columnsMax}`,
    };
  });
}

interface Block {
  readonly kind: 'scope' | 'function' | 'inner';
  readonly firstLine: number;
}

function longFunctions(file: SourceFile): readonly Finding[] {
  const findings: Finding[] = [];
  const stack: Block[] = [];
  const code = blanked(file.text);
  let headStart = 0;
  let line = 1;
  let headLine = 1;
  for (let i = 0; i < code.length; i++) {
    const letter = code[i];
    if (letter === '\n') line++;
    if (code.slice(headStart, i).trim() === '') headLine = line;
    if (letter === '{') {
      const kind = kindOf(code.slice(headStart, i), stack.at(-1));
      stack.push({ kind, firstLine: headLine });
    } else if (letter === '}') {
      const block = stack.pop();
      const lines = line - (block?.firstLine ?? line) + 1;
      if (block?.kind === 'function' && lines > functionLinesMax) {
        const message = `function of ${lines} lines, at most ${functionLinesMax}`;
        findings.push({ path: file.path, line: block.firstLine, message });
      }
    }
    if (letter === '{' || letter === '}' || letter === ';') headStart = i + 1;
  }
  return findings;
}

function kindOf(head: string, outer: Block | undefined): Block['kind'] {
  if (outer !== undefined && outer.kind !== 'scope') return 'inner';
  if (/\b(?:namespace|extern)\b/.test(head)) return 'scope';
  if (/\b(?:class|struct|union|enum)\b[^()]*$/.test(head)) return 'scope';
  return head.includes('(') ? 'function' : 'scope';
}

/** The same text with comments, strings, characters and macro lines made of spaces. */
function blanked(text: string): string {
  const noise =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"\(([\s\S]*?)\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|^[ \t]*#(?:\\\n|[^\n])*/gm;
  const label = /\b(?:public|protected|private)\s*:(?!:)/g;
  return text
    .replace(noise, (piece) => piece.replace(/[^\n]/g, ' '))
    .replace(label, (piece) => ';'.padEnd(piece.length));
}
