// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Splits a filter into tokens, one at a time and without regular expressions on the common path.
// Keywords are recognised here in Milvus's two spellings (and, AND); other spellings come out as
// names with `keyword` set, for the parser to take where no name could stand.

import { expressionError } from './errors.ts';
import { floatValue, integerValue, unescapeString } from './literals.ts';

export type TokenKind =
  | 'end'
  | 'name'
  | 'keyword'
  | 'bool'
  | 'int'
  | 'float'
  | 'string'
  | 'template'
  | 'op';

export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  /** Operator, keyword in lower case, name, template name or string value. */
  text: string;
  /** A name that a differently cased keyword would also be: that keyword, else ''. */
  keyword: string;
  int: bigint;
  float: number;
  /** Position of a string's bad escape, or -1. */
  bad: number;
}

const keywords = new Set(['and', 'or', 'not', 'in', 'like', 'exists']);
/** Milvus reads `is null` as one token, so `is` alone stays a name. */
const softKeywords = new Set(['is']);
const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
]);
const twoCharOps = new Set(['==', '!=', '<=', '>=', '&&', '||', '**', '<<', '>>', '=~', '!~']);
const oneCharOps = '<>!+-*/%&|^~()[],=.';
const stringPrefixes = new Set(['u8', 'u', 'U', 'L', 'r', 'R']);
const wideLetter = /[\p{L}\p{N}\p{M}]/u;

export class Scanner {
  readonly text: string;
  /** The current token; replaced by advance(). */
  token: Token = emptyToken();
  #next = 0;

  constructor(text: string) {
    this.text = text;
    this.advance();
  }

  /** Moves to the next token and returns the one that was current. */
  advance(): Token {
    const before = this.token;
    this.token = emptyToken();
    this.#skipSpace();
    this.token.start = this.#next;
    this.#scan();
    this.token.end = this.#next;
    return before;
  }

  /** Goes on scanning from a position that was inside or after the current token. */
  resumeAt(position: number): void {
    this.#next = position;
    this.advance();
  }

  #skipSpace(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.#next);
      const space = c === 32 || (c >= 9 && c <= 13) || c === 0xa0;
      if (!space) return;
      this.#next++;
    }
  }

  #scan(): void {
    const { text, token } = this;
    const start = this.#next;
    if (start >= text.length) return;
    const c = text.charCodeAt(start);
    if (isDigit(c) || (c === 46 && isDigit(text.charCodeAt(start + 1)))) return this.#scanNumber();
    if (c === 34 || c === 39) return this.#scanString(false);
    if (isNameStart(c)) return this.#scanName();
    if (c === 123) return this.#scanTemplate();
    const two = text.slice(start, start + 2);
    const op = twoCharOps.has(two) ? two : text.charAt(start);
    if (op.length === 1 && !oneCharOps.includes(op)) {
      throw expressionError(text, start, `unexpected character ${JSON.stringify(op)}`);
    }
    token.kind = 'op';
    token.text = op;
    this.#next += op.length;
  }

  #scanName(): void {
    const { text, token } = this;
    const start = this.#next;
    while (isNamePart(text.charCodeAt(this.#next))) this.#next++;
    const name = text.slice(start, this.#next);
    const quote = text.charCodeAt(this.#next);
    if ((quote === 34 || quote === 39) && stringPrefixes.has(name)) {
      return this.#scanString(name === 'r' || name === 'R');
    }
    const lower = name.toLowerCase();
    token.text = name;
    token.kind = 'name';
    if (booleans.has(name)) {
      token.kind = 'bool';
      token.int = booleans.get(name) === true ? 1n : 0n;
    } else if (keywords.has(lower) || softKeywords.has(lower)) {
      token.keyword = lower;
      if (keywords.has(lower) && (name === lower || name === name.toUpperCase())) {
        token.kind = 'keyword';
        token.text = lower;
      }
    } else {
      this.#checkWideLetters(name, start);
    }
  }

  #checkWideLetters(name: string, start: number): void {
    for (let i = 0; i < name.length; i++) {
      const point = name.codePointAt(i) ?? 0;
      if (point >= 128 && !wideLetter.test(String.fromCodePoint(point))) {
        throw expressionError(
          this.text,
          start + i,
          `unexpected character ${JSON.stringify(name.charAt(i))}`,
        );
      }
      if (point > 0xffff) i++;
    }
  }

  #scanNumber(): void {
    const { text, token } = this;
    const start = this.#next;
    while (isNumberPart(text, this.#next, start)) this.#next++;
    const spelled = text.slice(start, this.#next);
    const int = integerValue(spelled);
    if (int !== null) {
      token.kind = 'int';
      token.int = int;
      return;
    }
    const float = floatValue(spelled);
    if (float === null) throw expressionError(text, start, `malformed number ${spelled}`);
    token.kind = 'float';
    token.float = float;
  }

  #scanString(raw: boolean): void {
    const { text, token } = this;
    const open = this.#next;
    const quote = text.charCodeAt(open);
    let i = open + 1;
    while (i < text.length && text.charCodeAt(i) !== quote) i += text.charCodeAt(i) === 92 ? 2 : 1;
    if (i >= text.length) throw expressionError(text, open, 'string is not closed');
    this.#next = i + 1;
    token.kind = 'string';
    const body = text.slice(open + 1, i);
    if (raw) {
      token.text = body;
      return;
    }
    const unescaped = unescapeString(body);
    token.text = unescaped.value;
    token.bad = unescaped.bad < 0 ? -1 : open + 1 + unescaped.bad;
  }

  #scanTemplate(): void {
    const { text, token } = this;
    const match = /^\{\s*([A-Za-z_]\w*)\s*\}/.exec(text.slice(this.#next, this.#next + 300));
    if (match === null)
      throw expressionError(text, this.#next, 'expected a template name in braces');
    token.kind = 'template';
    token.text = match[1] ?? '';
    this.#next += match[0].length;
  }
}

function emptyToken(): Token {
  return { kind: 'end', start: 0, end: 0, text: '', keyword: '', int: 0n, float: 0, bad: -1 };
}

export function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isNameStart(c: number): boolean {
  return (
    (c >= 97 && c <= 122) ||
    (c >= 65 && c <= 90) ||
    c === 95 ||
    c === 36 ||
    (c >= 128 && c !== 0xa0)
  );
}

function isNamePart(c: number): boolean {
  return isNameStart(c) || isDigit(c);
}

/** A sign belongs to a number after its exponent letter only, which in hexadecimal is p. */
function isNumberPart(text: string, at: number, start: number): boolean {
  const c = text.charCodeAt(at);
  if (isDigit(c) || c === 46 || c === 95 || (c >= 97 && c <= 122) || (c >= 65 && c <= 90))
    return true;
  if ((c !== 43 && c !== 45) || at === start) return false;
  const hex = /^0[xX]/.test(text.slice(start, start + 2));
  return (hex ? 'pP' : 'eE').includes(text.charAt(at - 1));
}
