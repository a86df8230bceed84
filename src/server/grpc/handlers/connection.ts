// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Who is there: the first call of every connection, versions, health, timestamps, databases. One
// database exists so far; what names another is refused by the services.

import { DbError } from '../../../core/index.ts';
import { control, type Handler } from '../call.ts';

const defaultDatabase = 'default';
const defaultDatabaseId = 1;

export const connectionHandlers: Readonly<Record<string, Handler>> = {
  Connect: control('Connect', (deps) => ({
    server_info: {
      build_tags: deps.version,
      deploy_mode: 'STANDALONE',
      reserved: new Map(),
    },
    // SDKs send it back with every call; it only has to differ between connections, and from zero.
    identifier: deps.database.allocTimestamp(),
  })),

  GetVersion: control('GetVersion', (deps) => ({ version: deps.version })),

  CheckHealth: control('CheckHealth', (deps) => {
    const reasons = deps.database.healthReasons();
    return { isHealthy: reasons.length === 0, reasons: [...reasons] };
  }),

  AllocTimestamp: control('AllocTimestamp', (deps) => ({
    timestamp: deps.database.allocTimestamp(),
  })),

  ListDatabases: control('ListDatabases', () => ({
    db_names: [defaultDatabase],
    created_timestamp: [0n],
    db_ids: [defaultDatabaseId],
  })),

  DescribeDatabase: control('DescribeDatabase', (_deps, request) => {
    const name = request.database === '' ? defaultDatabase : request.database;
    if (name !== defaultDatabase) throw new DbError({ code: 'database-missing' });
    return { db_name: name, dbID: defaultDatabaseId };
  }),
};
