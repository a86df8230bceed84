// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What a REST route is: a function from a parsed body to the reply's members beside `code`.

import type { CallContext, CollectionName, Database } from '../../service/index.ts';
import type { JsonObject, JsonOutput } from './json.ts';

export type Route = (
  database: Database,
  body: JsonObject,
  /** dbName of the body or the header, and collectionName as far as it was given. */
  name: CollectionName,
  context: CallContext,
) => Promise<{ readonly [key: string]: JsonOutput }>;
