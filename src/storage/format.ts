// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The data directory's format version: one small file, written before anything else, so that a
// directory which this version does not understand is refused before a byte of it is changed.

import { DbError, type Disk } from '../core/index.ts';
import { replaceFile } from './atomic-file.ts';

/** The format that this version writes; docs/formats.md describes it. */
export const dataFormatVersion = 1;

const fileName = 'format.json';

/** Folders of a data directory. */
export const dataFolders = { log: 'log', meta: 'meta', collections: 'c' } as const;

/** Checks a data directory's format, or claims an empty one. */
export async function claimDataFormat(disk: Disk): Promise<void> {
  const bytes = await disk.readFile(fileName);
  if (bytes === null) return claimEmpty(disk);
  const received = versionIn(new TextDecoder().decode(bytes));
  if (received === null) {
    throw new DbError({ code: 'corrupt', message: `${fileName} names no format version` });
  }
  if (received === dataFormatVersion) return;
  const message =
    `data directory has format ${received}, this version reads ${dataFormatVersion}: ` +
    (received > dataFormatVersion ? 'use a newer version' : 'it cannot be migrated');
  throw new DbError({ code: 'format-version', message, expected: dataFormatVersion, received });
}

async function claimEmpty(disk: Disk): Promise<void> {
  for (const folder of Object.values(dataFolders)) {
    if (!(await disk.exists(folder))) continue;
    const message = `data directory has a folder ${folder} but no ${fileName}: it is not whole`;
    throw new DbError({ code: 'corrupt', message });
  }
  const text = `${JSON.stringify({ dipper: 'data directory', format: dataFormatVersion })}\n`;
  await replaceFile(disk, '', fileName, [new TextEncoder().encode(text)]);
}

function versionIn(text: string): number | null {
  try {
    const parsed: unknown = JSON.parse(text);
    const isRecord = typeof parsed === 'object' && parsed !== null && 'format' in parsed;
    return isRecord && Number.isInteger(parsed.format) ? Number(parsed.format) : null;
  } catch {
    return null; // not JSON, and so no version
  }
}
