// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Field types under Milvus's names and numbers, and how wide a value is in a RowBatch.

export const dataTypes = {
  Bool: 1,
  Int8: 2,
  Int16: 3,
  Int32: 4,
  Int64: 5,
  Float: 10,
  Double: 11,
  VarChar: 21,
  Array: 22,
  JSON: 23,
  BinaryVector: 100,
  FloatVector: 101,
  Float16Vector: 102,
  BFloat16Vector: 103,
  SparseFloatVector: 104,
  Int8Vector: 105,
} as const;

export type DataTypeName = keyof typeof dataTypes;
export type DataType = (typeof dataTypes)[DataTypeName];

const nameOf = new Map<number, DataTypeName>(
  Object.entries(dataTypes).map(([name, number]) => [number, name as DataTypeName]),
);

export function dataTypeName(type: number): DataTypeName | null {
  return nameOf.get(type) ?? null;
}

export function isDataType(type: number): type is DataType {
  return nameOf.has(type);
}

export function isVectorType(type: DataType): boolean {
  return type >= 100;
}

/** Bytes a value takes in a RowBatch column; 0 for variable width. dim counts elements (bits for binary). */
export function fixedWidthBytes(type: DataType, dim: number): number {
  switch (type) {
    case dataTypes.Bool:
    case dataTypes.Int8:
      return 1;
    case dataTypes.Int16:
      return 2;
    case dataTypes.Int32:
    case dataTypes.Float:
      return 4;
    case dataTypes.Int64:
    case dataTypes.Double:
      return 8;
    case dataTypes.FloatVector:
      return 4 * dim;
    case dataTypes.Float16Vector:
    case dataTypes.BFloat16Vector:
      return 2 * dim;
    case dataTypes.Int8Vector:
      return dim;
    case dataTypes.BinaryVector:
      return dim / 8;
    case dataTypes.VarChar:
    case dataTypes.Array:
    case dataTypes.JSON:
    case dataTypes.SparseFloatVector:
      return 0;
  }
}
