// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Which columns a reply shows, in which order: the names as the user gave them first (the key column
// of a search comes from its hits), then what the service added, and $meta once, at the end, when a
// dynamic key or all of them were asked for.

import type { PrimaryKeys } from '../../native/index.ts';
import {
  type BatchColumn,
  type CollectionSchema,
  columnOf,
  type FieldSchema,
  fieldById,
  fieldByName,
  metaFieldId,
  metaFieldName,
} from '../model/index.ts';
import type { OutputRows } from '../service/index.ts';
import { keyColumn } from './grpc/codec/keys.ts';

export interface OutputColumn {
  readonly field: FieldSchema;
  readonly column: BatchColumn;
}

export interface OutputColumns {
  readonly columns: readonly OutputColumn[];
  /** What output_fields echoes: also dynamic keys, and $meta when all of it is shown. */
  readonly names: readonly string[];
}

/** Arranges a read's columns for its reply; keys are a search's hits, null for a query. */
export function outputColumns(
  schema: CollectionSchema,
  output: OutputRows,
  keys: PrimaryKeys | null,
): OutputColumns {
  const columns: OutputColumn[] = [];
  const names = [...output.names];
  const shown = new Set<number>();
  const show = (field: FieldSchema, column: BatchColumn | null): void => {
    if (column === null || shown.has(field.id)) return;
    shown.add(field.id);
    columns.push({ field, column });
  };
  for (const name of output.names) {
    const field = fieldByName(schema, name);
    if (field === null || field.id === metaFieldId) continue;
    const fromHits = field.primaryKey && keys !== null ? keyColumn(keys, field.id) : null;
    show(field, columnOf(output.rows, field.id) ?? fromHits);
  }
  for (const column of output.rows.columns) {
    const field = fieldById(schema, column.fieldId);
    if (field === null || shown.has(field.id) || field.id === metaFieldId) continue;
    show(field, column);
    names.push(field.name);
  }
  const meta = fieldById(schema, metaFieldId);
  const metaColumn = columnOf(output.rows, metaFieldId);
  if (meta !== null && metaColumn !== null) {
    show(meta, metaColumn);
    if (output.dynamicKeys === null && !names.includes(metaFieldName)) names.push(metaFieldName);
  }
  return { columns, names };
}
