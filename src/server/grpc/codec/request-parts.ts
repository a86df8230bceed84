// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Parts that the read and delete requests share: key-value pairs and filter template values.

import type { TemplateValue } from '../../../service/index.ts';
import { malformed, messageDepthMax, type WireReader, wireTypes } from '../wire/reader.ts';

/** Reads one KeyValuePair (or map<string, string> entry: the same bytes) into a map. */
export function readPair(reader: WireReader, into: Map<string, string>): void {
  const pair = reader.message();
  let key = '';
  let value = '';
  for (let id = pair.next(); id !== 0; id = pair.next()) {
    if (id === 1) key = pair.text();
    else if (id === 2) value = pair.text();
    else pair.skip();
  }
  into.set(key, value);
}

/** Reads one entry of expr_template_values: a name and its TemplateValue. */
export function readTemplate(reader: WireReader, into: Map<string, TemplateValue>): void {
  const entry = reader.message();
  let name = '';
  let value: TemplateValue | null = null;
  for (let id = entry.next(); id !== 0; id = entry.next()) {
    if (id === 1) name = entry.text();
    else if (id === 2) value = templateValue(entry.message());
    else entry.skip();
  }
  if (value === null) throw malformed(`template value ${name} has no value`);
  into.set(name, value);
}

function templateValue(reader: WireReader): TemplateValue {
  let value: TemplateValue | null = null;
  for (let id = reader.next(); id !== 0; id = reader.next()) {
    if (id === 1) value = reader.bool();
    else if (id === 2) value = reader.int64();
    else if (id === 3) value = reader.double();
    else if (id === 4) value = reader.text();
    else if (id === 5) value = templateArray(reader.message(), 0);
    else if (id === 6) throw malformed('a template value of bytes');
    else reader.skip();
  }
  if (value === null) throw malformed('a template value without a value');
  return value;
}

// TemplateArrayValue: one of bool, long, double, string arrays, arrays of arrays, JSON texts. Each
// kind is a message whose field 1 is the repeated element. None of them = an empty array.
function templateArray(reader: WireReader, depth: number): TemplateValue[] {
  if (depth > messageDepthMax) throw malformed('template arrays nested too deep');
  let values: TemplateValue[] = [];
  for (let id = reader.next(); id !== 0; id = reader.next()) {
    if (id > 6) {
      reader.skip();
      continue;
    }
    values = [];
    const list = reader.message();
    for (let item = list.next(); item !== 0; item = list.next()) {
      if (item === 1) readElements(list, id, values, depth);
      else list.skip();
    }
  }
  return values;
}

function readElements(
  list: WireReader,
  kind: number,
  values: TemplateValue[],
  depth: number,
): void {
  switch (kind) {
    case 1:
      list.eachNumber(wireTypes.varint, (from) => values.push(from.bool()));
      return;
    case 2:
      list.eachNumber(wireTypes.varint, (from) => values.push(from.int64()));
      return;
    case 3:
      list.eachNumber(wireTypes.fixed64, (from) => values.push(from.double()));
      return;
    case 5:
      values.push(templateArray(list.message(), depth + 1));
      return;
    default:
      // Strings; and JSON texts, which travel as bytes.
      values.push(list.text());
  }
}
