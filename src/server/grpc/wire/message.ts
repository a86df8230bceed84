// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The generic codec, for the RPCs that are not hot: any message of the descriptor tables, in and
// out. A decoded message is asked by field name, with proto3's defaults; a name that the type does
// not have is an assertion, so a misspelt field fails its first test.

import { assert, DbError } from '../../../core/index.ts';
import { type FieldType, type MessageType, messageType } from './descriptors.ts';
import { malformed, messageDepthMax, WireReader, type WireType, wireTypes } from './reader.ts';
import { WireWriter } from './writer.ts';

type Scalar = string | number | bigint | boolean | Uint8Array;
type Value = Scalar | ProtoMessage | (Scalar | ProtoMessage)[] | Map<Scalar, Scalar | ProtoMessage>;

/** What a reply is made of: an object by field names; int64 as bigint, enums as numbers. */
export type ProtoInput =
  | Scalar
  | ProtoObject
  | readonly (Scalar | ProtoObject)[]
  | ReadonlyMap<string, Scalar | ProtoObject>;
export interface ProtoObject {
  readonly [field: string]: ProtoInput;
}

/** A decoded message. */
export class ProtoMessage {
  readonly type: MessageType;
  readonly #values: ReadonlyMap<string, Value>;

  constructor(type: MessageType, values: ReadonlyMap<string, Value>) {
    this.type = type;
    this.#values = values;
  }

  /** Whether the field came at all (also of an empty or zero value). */
  has(name: string): boolean {
    this.type.field(name);
    return this.#values.has(name);
  }

  text(name: string): string {
    const value = this.#get(name, '');
    assert(typeof value === 'string', `${this.type.name}.${name} is a string`);
    return value;
  }

  number(name: string): number {
    const value = this.#get(name, 0);
    assert(typeof value === 'number', `${this.type.name}.${name} is a number`);
    return value;
  }

  long(name: string): bigint {
    const value = this.#get(name, 0n);
    assert(typeof value === 'bigint', `${this.type.name}.${name} is 64 bits wide`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#get(name, false);
    assert(typeof value === 'boolean', `${this.type.name}.${name} is a bool`);
    return value;
  }

  bytes(name: string): Uint8Array {
    const value = this.#get(name, emptyBytes);
    assert(value instanceof Uint8Array, `${this.type.name}.${name} is bytes`);
    return value;
  }

  message(name: string): ProtoMessage | null {
    const value = this.#get(name, null);
    assert(
      value === null || value instanceof ProtoMessage,
      `${this.type.name}.${name} is a message`,
    );
    return value;
  }

  messages(name: string): readonly ProtoMessage[] {
    return this.#list(name).filter((item) => item instanceof ProtoMessage);
  }

  texts(name: string): readonly string[] {
    return this.#list(name).filter((item) => typeof item === 'string');
  }

  longs(name: string): readonly bigint[] {
    return this.#list(name).filter((item) => typeof item === 'bigint');
  }

  /** A repeated KeyValuePair as a record; of a key that comes twice the last one counts. */
  pairs(name: string): Record<string, string> {
    return Object.fromEntries(
      this.messages(name).map((pair) => [pair.text('key'), pair.text('value')]),
    );
  }

  #list(name: string): readonly (Scalar | ProtoMessage)[] {
    const value = this.#get(name, null);
    assert(value === null || Array.isArray(value), `${this.type.name}.${name} is repeated`);
    return value ?? [];
  }

  #get<T>(name: string, fallback: T): Value | T {
    this.type.field(name);
    return this.#values.get(name) ?? fallback;
  }
}

const emptyBytes = new Uint8Array(0);

/** Decodes a message; throws `request-malformed`. */
export function decodeMessage(typeName: string, bytes: Uint8Array): ProtoMessage {
  return decode(messageType(typeName), new WireReader(bytes), 0);
}

/** Encodes the fields given, defaults included: in a oneof even a zero says which one is meant. */
export function encodeMessage(typeName: string, value: ProtoObject): Buffer {
  const writer = new WireWriter();
  writeMessage(writer, typeName, value);
  return writer.finish();
}

/** Writes a message's fields into an open message. */
function writeMessage(writer: WireWriter, typeName: string, value: ProtoObject): void {
  const type = messageType(typeName);
  for (const [name, item] of Object.entries(value)) writeField(writer, type.field(name), item);
}

function decode(type: MessageType, reader: WireReader, depth: number): ProtoMessage {
  if (depth > messageDepthMax) throw malformed(`nested deeper than ${messageDepthMax} messages`);
  const values = new Map<string, Value>();
  for (let id = reader.next(); id !== 0; id = reader.next()) {
    const field = type.byId.get(id);
    if (field === undefined) reader.skip();
    else readField(values, field, reader, depth);
  }
  return new ProtoMessage(type, values);
}

function readField(
  values: Map<string, Value>,
  field: FieldType,
  reader: WireReader,
  depth: number,
): void {
  if (field.mapKey !== null) {
    const map = values.get(field.name) ?? new Map<Scalar, Scalar | ProtoMessage>();
    assert(map instanceof Map, 'a map field holds a map');
    const [key, value] = readMapEntry(field, field.mapKey, reader.message(), depth);
    map.set(key, value);
    values.set(field.name, map);
  } else if (field.repeated) {
    const list = values.get(field.name) ?? [];
    assert(Array.isArray(list), 'a repeated field holds a list');
    values.set(field.name, list);
    const elementType = packedWireType(field.kind);
    if (elementType === null) list.push(readValue(field, reader, depth));
    else reader.eachNumber(elementType, (from) => list.push(readValue(field, from, depth)));
  } else {
    values.set(field.name, readValue(field, reader, depth));
  }
}

function readMapEntry(
  field: FieldType,
  keyKind: string,
  reader: WireReader,
  depth: number,
): [Scalar, Scalar | ProtoMessage] {
  let key: Scalar = keyKind === 'string' ? '' : 0n;
  let value: Scalar | ProtoMessage | null = null;
  for (let id = reader.next(); id !== 0; id = reader.next()) {
    if (id === 1) key = readScalar(keyKind, reader);
    else if (id === 2) value = readValue(field, reader, depth);
    else reader.skip();
  }
  // A value that is its type's default may be left out.
  return [key, value ?? readDefault(field)];
}

function readDefault(field: FieldType): Scalar | ProtoMessage {
  if (field.kind === 'message') return new ProtoMessage(messageType(field.typeName), new Map());
  if (field.kind === 'string') return '';
  return field.kind.endsWith('64') ? 0n : 0;
}

function readValue(field: FieldType, reader: WireReader, depth: number): Scalar | ProtoMessage {
  if (field.kind === 'message')
    return decode(messageType(field.typeName), reader.message(), depth + 1);
  return readScalar(field.kind, reader);
}

function readScalar(kind: string, reader: WireReader): Scalar {
  switch (kind) {
    case 'string':
      return reader.text();
    case 'bytes':
      return reader.bytes();
    case 'bool':
      return reader.bool();
    case 'int32':
    case 'enum':
      return reader.int32();
    case 'uint32':
      return reader.uint32();
    case 'int64':
      return reader.int64();
    case 'uint64':
      return reader.uint64();
    case 'float':
      return reader.float();
    case 'double':
      return reader.double();
    default:
      throw new DbError({ code: 'assertion', message: `descriptor kind ${kind} has no reader` });
  }
}

function packedWireType(kind: string): WireType | null {
  if (kind === 'message' || kind === 'string' || kind === 'bytes') return null;
  if (kind === 'float') return wireTypes.fixed32;
  return kind === 'double' ? wireTypes.fixed64 : wireTypes.varint;
}

function writeField(writer: WireWriter, field: FieldType, value: ProtoInput): void {
  if (field.mapKey !== null) {
    assert(
      value instanceof Map && field.mapKey === 'string',
      `${field.name} takes a Map of strings`,
    );
    for (const [key, item] of value as ReadonlyMap<string, Scalar | ProtoObject>) {
      writer.open(field.id);
      writer.text(1, key);
      writeValue(writer, field, 2, item);
      writer.close();
    }
  } else if (field.repeated) {
    assert(Array.isArray(value), `${field.name} takes a list`);
    // Numbers go one by one; every parser takes them so, and control replies have few.
    for (const item of value as readonly (Scalar | ProtoObject)[])
      writeValue(writer, field, field.id, item);
  } else {
    writeValue(writer, field, field.id, value as Scalar | ProtoObject);
  }
}

function writeValue(
  writer: WireWriter,
  field: FieldType,
  id: number,
  value: Scalar | ProtoObject,
): void {
  if (field.kind === 'message') {
    assert(
      typeof value === 'object' && !(value instanceof Uint8Array),
      `${field.name} takes an object`,
    );
    writer.open(id);
    writeMessage(writer, field.typeName, value);
    writer.close();
  } else {
    writeScalar(writer, field, id, value as Scalar);
  }
}

function writeScalar(writer: WireWriter, field: FieldType, id: number, value: Scalar): void {
  if (typeof value === 'string' && field.kind === 'string') writer.text(id, value);
  else if (typeof value === 'boolean' && field.kind === 'bool') writer.bool(id, value);
  else if (typeof value === 'bigint' && field.kind.endsWith('int64')) writer.int64(id, value);
  else if (value instanceof Uint8Array && field.kind === 'bytes') writer.bytes(id, value);
  else if (typeof value === 'number') writeNumber(writer, field, id, value);
  else assert(false, `${field.name} is a ${field.kind}, not a ${typeof value}`);
}

function writeNumber(writer: WireWriter, field: FieldType, id: number, value: number): void {
  if (field.kind === 'int32' || field.kind === 'enum') writer.int32(id, value);
  else if (field.kind === 'uint32') writer.uint32(id, value);
  else if (field.kind.endsWith('int64')) writer.safeInteger(id, value);
  else if (field.kind === 'float') writer.float(id, value);
  else if (field.kind === 'double') writer.double(id, value);
  else assert(false, `${field.name} is a ${field.kind}, not a number`);
}
