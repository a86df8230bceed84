// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of the index catalogue.

export { resolveEf, resolveIndex } from './catalogue.ts';
