// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Number and string rules of the language, used for constants by the binder and for rows by the
// oracle: int64 arithmetic that reports overflow, truncating division, exact comparison of an
// integer with a double, strings by their UTF-8 bytes.

import type { ArithmeticOp, CompareName } from './bound.ts';

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

export type Numeric = bigint | number;

/** Result of arithmetic, or null: overflow, division by zero, an operand the op refuses. */
export function calculate(op: ArithmeticOp, left: Numeric, right: Numeric): Numeric | null {
  if (op === 'power') return Number(left) ** Number(right);
  if (typeof left === 'bigint' && typeof right === 'bigint') return calculateInt(op, left, right);
  const a = Number(left);
  const b = Number(right);
  switch (op) {
    case 'add':
      return a + b;
    case 'subtract':
      return a - b;
    case 'multiply':
      return a * b;
    case 'divide':
      return b === 0 ? null : a / b;
    default:
      return null;
  }
}

function calculateInt(op: ArithmeticOp, left: bigint, right: bigint): bigint | null {
  switch (op) {
    case 'add':
      return checked(left + right);
    case 'subtract':
      return checked(left - right);
    case 'multiply':
      return checked(left * right);
    case 'divide':
      return right === 0n ? null : checked(left / right);
    case 'modulo':
      return right === 0n ? null : left % right;
    case 'bitAnd':
      return left & right;
    case 'bitOr':
      return left | right;
    case 'bitXor':
      return left ^ right;
    case 'shiftLeft':
      return right < 0n || right > 63n ? null : BigInt.asIntN(64, left << right);
    case 'shiftRight':
      return right < 0n || right > 63n ? null : left >> right;
    case 'power':
      return null;
  }
}

function checked(value: bigint): bigint | null {
  return value >= int64Min && value <= int64Max ? value : null;
}

/** The negated value, or null when int64 cannot hold it. */
export function negated(value: Numeric): Numeric | null {
  return typeof value === 'bigint' ? checked(-value) : -value;
}

/** Below, equal or above zero; NaN where there is no order. Integer meets double exactly. */
export function compareNumbers(left: Numeric, right: Numeric): number {
  if (left < right) return -1;
  if (left > right) return 1;
  return left >= right ? 0 : Number.NaN;
}

export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** Whether an order (as compareNumbers gives it) satisfies an operator; NaN satisfies only !=. */
export function satisfies(op: CompareName, order: number): boolean {
  switch (op) {
    case 'equal':
      return order === 0;
    case 'notEqual':
      return order !== 0;
    case 'less':
      return order < 0;
    case 'lessEqual':
      return order <= 0;
    case 'greater':
      return order > 0;
    case 'greaterEqual':
      return order >= 0;
  }
}

/** A whole double that int64 holds, as that integer; else null. */
export function wholeInt(value: number): bigint | null {
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(value) : null;
}
