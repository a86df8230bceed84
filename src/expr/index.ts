// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The filter language. A filter text becomes a program for native/filter; the oracle gives the
// same filter's meaning row by row.

export type { BoundPredicate } from './bound.ts';
export { bindText, type CompiledFilter, compileFilter, compileKeyFilter } from './compile.ts';
export { filterOracle, type OracleRow, type Truth } from './oracle.ts';
export { noTemplates, type TemplateValue } from './template.ts';
