// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The syntax tree of a filter: what the text says, before any schema is known. That is why it can
// be cached by text alone. Positions are UTF-16 offsets into the text, for error messages.

export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type BinaryOp = '+' | '-' | '*' | '/' | '%' | '**' | '&' | '|' | '^' | '<<' | '>>';
export type UnaryOp = '-' | '+' | '~';

interface Span {
  readonly start: number;
  readonly end: number;
  /** Height of the tree under this node, so that depth is bounded while parsing. */
  readonly height: number;
}

export interface BoolNode extends Span {
  readonly kind: 'bool';
  readonly value: boolean;
}

export interface IntNode extends Span {
  readonly kind: 'int';
  readonly value: bigint;
}

export interface FloatNode extends Span {
  readonly kind: 'float';
  readonly value: number;
}

export interface StringNode extends Span {
  readonly kind: 'string';
  readonly value: string;
}

export interface TemplateNode extends Span {
  readonly kind: 'template';
  readonly name: string;
}

/** A field, a key of the dynamic field, or a path into a JSON field. */
export interface NameNode extends Span {
  readonly kind: 'name';
  readonly name: string;
  /** Steps after the name; array indexes are decimal text, as in a JSON pointer. */
  readonly path: readonly string[];
}

/** Values of a list; a list of plain integers is kept as typed memory. */
export interface ListNode extends Span {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export interface IntListNode extends Span {
  readonly kind: 'intList';
  readonly values: BigInt64Array;
}

export interface UnaryNode extends Span {
  readonly kind: 'unary';
  readonly op: UnaryOp;
  readonly operand: Node;
}

export interface NotNode extends Span {
  readonly kind: 'not';
  readonly operand: Node;
}

export interface BinaryNode extends Span {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly left: Node;
  readonly right: Node;
}

export interface CompareNode extends Span {
  readonly kind: 'compare';
  readonly op: CompareOp;
  readonly left: Node;
  readonly right: Node;
}

/** `lower < value <= upper`, or the same written from above. */
export interface RangeNode extends Span {
  readonly kind: 'range';
  readonly lower: Node;
  readonly lowerInclusive: boolean;
  readonly value: Node;
  readonly upper: Node;
  readonly upperInclusive: boolean;
}

export interface InNode extends Span {
  readonly kind: 'in';
  readonly negated: boolean;
  readonly value: Node;
  readonly list: Node;
}

export interface LikeNode extends Span {
  readonly kind: 'like';
  readonly value: Node;
  readonly pattern: Node;
}

export interface IsNullNode extends Span {
  readonly kind: 'isNull';
  readonly negated: boolean;
  readonly operand: Node;
}

export interface ExistsNode extends Span {
  readonly kind: 'exists';
  readonly operand: Node;
}

/** A flat chain: 100,000 terms are one node, not 100,000 levels. */
export interface LogicNode extends Span {
  readonly kind: 'and' | 'or';
  readonly terms: readonly Node[];
}

export interface CallNode extends Span {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Node[];
}

export type Node =
  | BoolNode
  | IntNode
  | FloatNode
  | StringNode
  | TemplateNode
  | NameNode
  | ListNode
  | IntListNode
  | UnaryNode
  | NotNode
  | BinaryNode
  | CompareNode
  | RangeNode
  | InNode
  | LikeNode
  | IsNullNode
  | ExistsNode
  | LogicNode
  | CallNode;
