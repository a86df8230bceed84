// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A Pratt parser with Milvus's precedence, tight to loose: postfix `is null`, exists, like and
// regex, **, prefix - + ~ not, * / %, + -, shifts, in, chained range, relations, equality, &, ^,
// |, and, or. Wider than Milvus in three ways that change no legal text: `not a == b` negates the
// comparison, keywords may be spelled in mixed case where no name could stand, and space is free.
// and/or chains and lists are loops, so only real nesting counts against the depth limit.

import { expressionBytesMax, expressionDepthMax } from '../core/limits.ts';
import type { BinaryOp, CompareOp, Node, StringNode } from './ast.ts';
import { expressionError } from './errors.ts';
import { scanIntList } from './int-list.ts';
import { Scanner, type Token } from './scanner.ts';

const power = {
  none: 0,
  or: 1,
  and: 2,
  bitOr: 3,
  bitXor: 4,
  bitAnd: 5,
  equality: 6,
  relation: 7,
  in: 9,
  shift: 10,
  sum: 11,
  product: 12,
  prefix: 13,
  power: 14,
  like: 15,
  exists: 16,
  postfix: 17,
} as const;

/** Binding power of everything that may follow a complete operand. */
const infixPower: ReadonlyMap<string, number> = new Map([
  ['||', power.or],
  ['or', power.or],
  ['&&', power.and],
  ['and', power.and],
  ['|', power.bitOr],
  ['^', power.bitXor],
  ['&', power.bitAnd],
  ['==', power.equality],
  ['!=', power.equality],
  ['<', power.relation],
  ['<=', power.relation],
  ['>', power.relation],
  ['>=', power.relation],
  ['in', power.in],
  ['not', power.in],
  ['<<', power.shift],
  ['>>', power.shift],
  ['+', power.sum],
  ['-', power.sum],
  ['*', power.product],
  ['/', power.product],
  ['%', power.product],
  ['**', power.power],
  ['like', power.like],
  ['=~', power.like],
  ['!~', power.like],
  ['is', power.postfix],
]);

const int64Limit = 2n ** 63n;
const mirrored: Readonly<Record<string, CompareOp>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** Parses a filter; throws expression-invalid. */
export function parseFilter(text: string): Node {
  if (text.length > expressionBytesMax || Buffer.byteLength(text) > expressionBytesMax) {
    throw expressionError(text, 0, `expression is longer than ${expressionBytesMax} bytes`);
  }
  return new Parser(text).parse();
}

class Parser {
  readonly #scanner: Scanner;
  readonly #text: string;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#scanner = new Scanner(text);
  }

  parse(): Node {
    const node = this.#expression(power.none);
    if (this.#token.kind !== 'end') throw this.#unexpected('an operator or the end');
    return node;
  }

  get #token(): Token {
    return this.#scanner.token;
  }

  /** Parses operators that bind tighter than `floor`. */
  #expression(floor: number): Node {
    if (++this.#depth > expressionDepthMax) throw this.#tooDeep(this.#token.start);
    const node = this.#infixLoop(this.#prefix(), floor);
    this.#depth--;
    return node;
  }

  #infixLoop(first: Node, floor: number): Node {
    let left = first;
    for (;;) {
      const op = this.#infixName();
      const binding = op === null ? undefined : infixPower.get(op);
      if (op === null || binding === undefined || binding <= floor) return left;
      left = this.#infix(left, op, binding);
      if (left.height > expressionDepthMax) throw this.#tooDeep(left.start);
    }
  }

  /** The operator that the current token is where an operand just ended, or null. */
  #infixName(): string | null {
    const { kind, text, keyword } = this.#token;
    if (kind === 'op' || kind === 'keyword') return text === '!' ? null : text;
    return kind === 'name' && keyword !== '' ? keyword : null;
  }

  #infix(left: Node, op: string, binding: number): Node {
    switch (op) {
      case 'and':
      case '&&':
        return this.#chain(left, 'and', binding);
      case 'or':
      case '||':
        return this.#chain(left, 'or', binding);
      case 'in':
        this.#scanner.advance();
        return this.#membership(left, false);
      case 'not':
        this.#scanner.advance();
        this.#expectKeyword('in');
        return this.#membership(left, true);
      case 'is':
        return this.#isNull(left);
      case 'like':
        return this.#like(left);
      case '==':
      case '!=':
        this.#scanner.advance();
        return this.#compare(left, op, this.#expression(binding));
      case '<':
      case '<=':
      case '>':
      case '>=':
        this.#scanner.advance();
        return this.#relation(left, op, binding);
      default:
        return this.#binary(left, op, binding);
    }
  }

  #binary(left: Node, op: string, binding: number): Node {
    const token = this.#scanner.advance();
    if (op === '=~' || op === '!~') {
      throw expressionError(
        this.#text,
        token.start,
        `regular expressions (${op}) are not supported`,
      );
    }
    const right = this.#expression(binding);
    return { kind: 'binary', op: op as BinaryOp, left, right, ...joined(left, right) };
  }

  #compare(left: Node, op: CompareOp, right: Node): Node {
    return { kind: 'compare', op, left, right, ...joined(left, right) };
  }

  /** A relation, or with a second one of the same direction a chained range. */
  #relation(left: Node, op: CompareOp, binding: number): Node {
    const middle = this.#expression(binding);
    const second = this.#infixName();
    if (second === null || second.charAt(0) !== op.charAt(0) || mirrored[second] === undefined) {
      return this.#compare(left, op, middle);
    }
    this.#scanner.advance();
    const right = this.#expression(binding);
    const ascending = op.charAt(0) === '<';
    const [lowerOp, upperOp] = ascending ? [op, second] : [second, op];
    return {
      kind: 'range',
      lower: ascending ? left : right,
      lowerInclusive: lowerOp.endsWith('='),
      value: middle,
      upper: ascending ? right : left,
      upperInclusive: upperOp.endsWith('='),
      start: left.start,
      end: right.end,
      height: 1 + Math.max(left.height, middle.height, right.height),
    };
  }

  #chain(first: Node, kind: 'and' | 'or', binding: number): Node {
    const terms = [first];
    let height = first.height;
    for (;;) {
      const op = this.#infixName();
      if (op !== kind && op !== (kind === 'and' ? '&&' : '||')) break;
      this.#scanner.advance();
      const term = this.#expression(binding);
      terms.push(term);
      height = Math.max(height, term.height);
    }
    return {
      kind,
      terms,
      start: first.start,
      end: terms.at(-1)?.end ?? first.end,
      height: height + 1,
    };
  }

  #membership(value: Node, negated: boolean): Node {
    const token = this.#token;
    const isList = (token.kind === 'op' && token.text === '[') || token.kind === 'template';
    if (!isList) throw this.#unexpected('a list in brackets');
    const list = this.#expression(power.in);
    return {
      kind: 'in',
      negated,
      value,
      list,
      start: value.start,
      end: list.end,
      height: value.height + 1,
    };
  }

  #isNull(operand: Node): Node {
    this.#scanner.advance();
    const negated = this.#isKeyword('not');
    if (negated) this.#scanner.advance();
    const token = this.#token;
    if (token.kind !== 'name' || token.text.toLowerCase() !== 'null')
      throw this.#unexpected('null');
    this.#scanner.advance();
    return {
      kind: 'isNull',
      negated,
      operand,
      start: operand.start,
      end: token.end,
      height: operand.height + 1,
    };
  }

  #like(value: Node): Node {
    this.#scanner.advance();
    const token = this.#token;
    if (token.kind !== 'string' && token.kind !== 'template')
      throw this.#unexpected('a string after like');
    const pattern = token.kind === 'string' ? this.#string(true) : this.#prefix();
    return {
      kind: 'like',
      value,
      pattern,
      start: value.start,
      end: pattern.end,
      height: value.height + 1,
    };
  }

  #prefix(): Node {
    const token = this.#token;
    switch (token.kind) {
      case 'bool':
        this.#scanner.advance();
        return { kind: 'bool', value: token.int === 1n, ...leaf(token) };
      case 'int':
        this.#scanner.advance();
        if (token.int >= int64Limit)
          throw expressionError(this.#text, token.start, 'integer is out of int64 range');
        return { kind: 'int', value: token.int, ...leaf(token) };
      case 'float':
        this.#scanner.advance();
        return { kind: 'float', value: token.float, ...leaf(token) };
      case 'string':
        return this.#string(false);
      case 'template':
        this.#scanner.advance();
        return { kind: 'template', name: token.text, ...leaf(token) };
      case 'name':
        return this.#name();
      case 'keyword':
        return this.#prefixKeyword(token.text);
      case 'op':
        return this.#prefixOp(token);
      case 'end':
        throw this.#unexpected('a value');
    }
  }

  #prefixKeyword(keyword: string): Node {
    const { start } = this.#scanner.advance();
    if (keyword === 'not') return this.#not(start);
    if (keyword === 'exists') {
      const operand = this.#expression(power.exists);
      return { kind: 'exists', operand, start, end: operand.end, height: operand.height + 1 };
    }
    throw expressionError(this.#text, start, `"${keyword}" stands where a value should be`);
  }

  #prefixOp(token: Token): Node {
    switch (token.text) {
      case '(':
        return this.#parenthesised();
      case '[':
        return this.#list();
      case '!':
        this.#scanner.advance();
        return this.#not(token.start);
      case '-':
      case '+':
      case '~':
        return this.#unary(token.text);
      default:
        throw this.#unexpected('a value');
    }
  }

  #unary(op: '-' | '+' | '~'): Node {
    const { start } = this.#scanner.advance();
    const next = this.#token;
    if (op === '-' && next.kind === 'int' && next.int === int64Limit) {
      this.#scanner.advance();
      return { kind: 'int', value: -int64Limit, start, end: next.end, height: 1 };
    }
    const operand = this.#expression(power.prefix);
    return { kind: 'unary', op, operand, start, end: operand.end, height: operand.height + 1 };
  }

  /** Milvus's not binds tighter than == and so refuses `not a == b`; here it is not(a == b). */
  #not(start: number): Node {
    let operand = this.#expression(power.prefix);
    if (!isPredicate(operand)) operand = this.#infixLoop(operand, power.and);
    return { kind: 'not', operand, start, end: operand.end, height: operand.height + 1 };
  }

  #parenthesised(): Node {
    this.#scanner.advance();
    const node = this.#expression(power.none);
    this.#expectOp(')');
    return node;
  }

  #list(): Node {
    const { start, end } = this.#token;
    const ints = scanIntList(this.#text, end);
    if (ints !== null) {
      this.#scanner.resumeAt(ints.end);
      return { kind: 'intList', values: ints.values, start, end: ints.end, height: 1 };
    }
    this.#scanner.advance();
    const { items, close } = this.#items(']');
    return { kind: 'list', items, start, end: close.end, height: 1 + tallest(items) };
  }

  /** Comma-separated expressions up to a closing token; a comma may precede it. */
  #items(closing: ')' | ']'): { items: Node[]; close: Token } {
    const items: Node[] = [];
    while (!this.#isOp(closing)) {
      items.push(this.#expression(power.none));
      if (!this.#isOp(',')) break;
      this.#scanner.advance();
    }
    return { items, close: this.#expectOp(closing) };
  }

  #name(): Node {
    const token = this.#scanner.advance();
    if (token.keyword === 'not' || token.keyword === 'exists') {
      const next = this.#token;
      const operandFollows = next.kind === 'name' || (next.kind === 'op' && next.text === '(');
      if (operandFollows && next.keyword === '') return this.#mixedCasePrefix(token);
    }
    if (this.#isOp('(')) return this.#call(token);
    const path: string[] = [];
    let end = token.end;
    while (this.#isOp('[')) {
      this.#scanner.advance();
      path.push(this.#pathStep());
      end = this.#expectOp(']').end;
    }
    return { kind: 'name', name: token.text, path, start: token.start, end, height: 1 };
  }

  #mixedCasePrefix(token: Token): Node {
    if (token.keyword === 'not') return this.#not(token.start);
    const operand = this.#expression(power.exists);
    return {
      kind: 'exists',
      operand,
      start: token.start,
      end: operand.end,
      height: operand.height + 1,
    };
  }

  #pathStep(): string {
    const token = this.#token;
    if (token.kind === 'string') {
      this.#checkEscapes(token);
      this.#scanner.advance();
      return token.text;
    }
    if (token.kind !== 'int') throw this.#unexpected('a key in quotes or an index');
    this.#scanner.advance();
    return token.int.toString();
  }

  #call(name: Token): Node {
    this.#scanner.advance();
    const { items, close } = this.#items(')');
    return {
      kind: 'call',
      name: name.text,
      args: items,
      start: name.start,
      end: close.end,
      height: 1 + tallest(items),
    };
  }

  #string(keepEscapes: boolean): StringNode {
    const token = this.#token;
    if (!keepEscapes) this.#checkEscapes(token);
    this.#scanner.advance();
    return { kind: 'string', value: token.text, ...leaf(token) };
  }

  #checkEscapes(token: Token): void {
    if (token.bad >= 0) throw expressionError(this.#text, token.bad, 'invalid escape in string');
  }

  #isOp(text: string): boolean {
    return this.#token.kind === 'op' && this.#token.text === text;
  }

  #isKeyword(keyword: string): boolean {
    const { kind, text } = this.#token;
    return (
      (kind === 'keyword' && text === keyword) ||
      (kind === 'name' && this.#token.keyword === keyword)
    );
  }

  #expectOp(text: string): Token {
    if (!this.#isOp(text)) throw this.#unexpected(`"${text}"`);
    return this.#scanner.advance();
  }

  #expectKeyword(keyword: string): void {
    if (!this.#isKeyword(keyword)) throw this.#unexpected(`"${keyword}"`);
    this.#scanner.advance();
  }

  #unexpected(expected: string): Error {
    const { kind, start, end } = this.#token;
    const found =
      kind === 'end'
        ? 'the end'
        : JSON.stringify(this.#text.slice(start, Math.min(end, start + 40)));
    return expressionError(this.#text, start, `expected ${expected}, found ${found}`);
  }

  #tooDeep(position: number): Error {
    return expressionError(
      this.#text,
      position,
      `expression is nested deeper than ${expressionDepthMax}`,
    );
  }
}

function isPredicate(node: Node): boolean {
  switch (node.kind) {
    case 'bool':
    case 'not':
    case 'compare':
    case 'range':
    case 'in':
    case 'like':
    case 'isNull':
    case 'exists':
    case 'and':
    case 'or':
      return true;
    default:
      return false;
  }
}

function leaf(token: Token): { start: number; end: number; height: number } {
  return { start: token.start, end: token.end, height: 1 };
}

function joined(left: Node, right: Node): { start: number; end: number; height: number } {
  return { start: left.start, end: right.end, height: 1 + Math.max(left.height, right.height) };
}

function tallest(nodes: readonly Node[]): number {
  return nodes.reduce((height, node) => Math.max(height, node.height), 0);
}
