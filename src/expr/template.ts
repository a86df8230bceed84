// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Values for `{name}` placeholders, as they travel beside the filter text. A template can stand
// wherever a constant or a list can.

export type TemplateValue =
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int64'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'int64s'; readonly values: BigInt64Array }
  | { readonly kind: 'array'; readonly values: readonly TemplateValue[] };

/** The usual case: a filter without placeholders. */
export const noTemplates: ReadonlyMap<string, TemplateValue> = new Map();
