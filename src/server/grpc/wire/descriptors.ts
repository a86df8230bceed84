// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Milvus's messages and services as tables, from the file that scripts/proto-descriptors.mjs wrote
// at build time. A message type is prepared when it is first used: a start touches a handful of 350.

import { createRequire } from 'node:module';
import { assert } from '../../../core/index.ts';

interface FieldTable {
  readonly id: number;
  readonly type: string;
  readonly rule?: 'repeated';
  /** Key type of a map. */
  readonly key?: string;
}

export interface MethodTable {
  readonly request: string;
  readonly response: string;
  readonly requestStream?: true;
  readonly responseStream?: true;
}

export interface DescriptorTables {
  readonly messages: Readonly<Record<string, Readonly<Record<string, FieldTable>>>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, MethodTable>>>>;
}

export interface FieldType {
  readonly id: number;
  readonly name: string;
  /** 'message', 'enum' or a protobuf scalar; of a map: its value's. */
  readonly kind: string;
  /** Name of the message or enum, else the scalar. */
  readonly typeName: string;
  readonly repeated: boolean;
  readonly mapKey: string | null;
}

/** A message type, ready to decode and encode. */
export class MessageType {
  readonly name: string;
  readonly byId = new Map<number, FieldType>();
  readonly #byName = new Map<string, FieldType>();

  constructor(name: string, tables: DescriptorTables) {
    this.name = name;
    const fields = tables.messages[name];
    assert(fields !== undefined, `message ${name} is described`);
    for (const [fieldName, field] of Object.entries(fields)) {
      const described = {
        id: field.id,
        name: fieldName,
        kind: kindOf(field.type, tables),
        typeName: field.type,
        repeated: field.rule === 'repeated',
        mapKey: field.key ?? null,
      };
      this.byId.set(field.id, described);
      this.#byName.set(fieldName, described);
    }
  }

  field(name: string): FieldType {
    const field = this.#byName.get(name);
    assert(field !== undefined, `message ${this.name} has a field ${name}`);
    return field;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }
}

let loaded: DescriptorTables | null = null;
const prepared = new Map<string, MessageType>();

/** The tables of the build; read once. */
export function descriptorTables(): DescriptorTables {
  if (loaded === null) {
    // From source (tests) the build's folder is a sibling of src; built, it is our own ancestor.
    const path = import.meta.url.endsWith('.ts')
      ? '../../../../dist/proto/milvus.json'
      : '../../../../proto/milvus.json';
    loaded = createRequire(import.meta.url)(path) as DescriptorTables;
  }
  return loaded;
}

/** A message type by its name below milvus.proto, such as `common.Status`. */
export function messageType(name: string): MessageType {
  let type = prepared.get(name);
  if (type === undefined) {
    type = new MessageType(name, descriptorTables());
    prepared.set(name, type);
  }
  return type;
}

function kindOf(typeName: string, tables: DescriptorTables): string {
  if (tables.messages[typeName] !== undefined) return 'message';
  return tables.enums[typeName] !== undefined ? 'enum' : typeName;
}
