// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Writes dist/proto/milvus.json: Milvus's messages, enums and services as flat tables, read from
// the descriptors inside the pinned development dependency @zilliz/milvus2-sdk-node. The server
// loads this file in about a millisecond; a protobufjs root of the same costs it 60.
//
//   messages  name -> { field -> { id, type, rule?, key? } }     type: a scalar or another name
//   enums     name -> { value name -> number }
//   services  full name -> { rpc -> { request, response, requestStream?, responseStream? } }
//
// Names are relative to the package milvus.proto: milvus.SearchRequest, common.Status.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const target = fileURLToPath(new URL('../dist/proto/milvus.json', import.meta.url));

const scalarTypes = new Set(
  'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(
    ' ',
  ),
);

// RPCs of milvus-proto that the pinned SDK does not carry yet. All answer "unimplemented", which
// needs the place of the status and nothing else of their messages.
const newerRpcs = {
  SetRLSPrincipalTags: 'common.Status',
  GetRLSPrincipalTags: 'milvus.GetRLSPrincipalTagsResponse',
  DeleteRLSPrincipalTags: 'common.Status',
  ListRLSPrincipals: 'milvus.ListRLSPrincipalsResponse',
  UpdateRowPolicy: 'common.Status',
  GetExportSnapshotState: 'milvus.GetExportSnapshotStateResponse',
};

/** Flattens a nested protobufjs JSON tree into tables; `packages` is the content of milvus.proto. */
export function flattenDescriptors(packages) {
  const tables = { messages: {}, enums: {}, services: {} };
  const known = new Set();
  const visit = (node, name, use) => {
    use(node, name);
    for (const [child, inner] of Object.entries(node.nested ?? {})) {
      visit(inner, name === '' ? child : `${name}.${child}`, use);
    }
  };
  visit({ nested: packages }, '', (node, name) => {
    if (node.fields !== undefined || node.values !== undefined) known.add(name);
  });
  visit({ nested: packages }, '', (node, name) => {
    const resolve = (type) => resolveType(type, name, known);
    if (node.fields !== undefined) tables.messages[name] = flattenFields(node.fields, resolve);
    if (node.values !== undefined) tables.enums[name] = node.values;
    if (node.methods !== undefined)
      tables.services[`milvus.proto.${name}`] = flattenMethods(node.methods, resolve);
  });
  return tables;
}

function flattenFields(fields, resolve) {
  const result = {};
  for (const [name, field] of Object.entries(fields)) {
    result[name] = { id: field.id, type: resolve(field.type) };
    if (field.rule !== undefined) result[name].rule = field.rule;
    if (field.keyType !== undefined) result[name].key = field.keyType;
  }
  return result;
}

function flattenMethods(methods, resolve) {
  const result = {};
  for (const [name, method] of Object.entries(methods)) {
    result[name] = { request: resolve(method.requestType), response: resolve(method.responseType) };
    if (method.requestStream) result[name].requestStream = true;
    if (method.responseStream) result[name].responseStream = true;
  }
  return result;
}

// Protobuf's rule: the innermost scope that knows the name wins.
function resolveType(type, scope, known) {
  if (scalarTypes.has(type)) return type;
  const parts = scope.split('.');
  for (let depth = parts.length; depth >= 0; depth--) {
    const candidate = [...parts.slice(0, depth), type].join('.');
    if (known.has(candidate)) return candidate;
  }
  throw new TypeError(`${scope} names an unknown type ${type}`);
}

function addNewerRpcs(tables) {
  const service = tables.services['milvus.proto.milvus.MilvusService'];
  for (const [name, response] of Object.entries(newerRpcs)) {
    if (service[name] !== undefined) continue;
    const request = `milvus.${name}Request`;
    tables.messages[request] ??= {};
    tables.messages[response] ??= { status: { id: 1, type: 'common.Status' } };
    service[name] = { request, response };
  }
}

/** Writes the file unless it already says the same; answers its path. */
export function writeDescriptors() {
  const root = require('@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.js').default;
  const tables = flattenDescriptors(root.nested.milvus.nested.proto.nested);
  addNewerRpcs(tables);
  const text = `${JSON.stringify(tables)}\n`;
  if (readIfThere(target) === text) return target;
  mkdirSync(dirname(target), { recursive: true });
  // Renamed into place: a test run that starts meanwhile reads the old file or the new one.
  writeFileSync(`${target}.${process.pid}`, text);
  renameSync(`${target}.${process.pid}`, target);
  return target;
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there yet: the caller writes it.
    return null;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeDescriptors();
}
