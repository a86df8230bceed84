// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The machine's disk behind the Disk port: the only place in the engine that calls node:fs. Calls
// go to libuv's threads, so a slow fsync never stops a loop. Errors come out as DbError with the
// path and the operation in their text; a full disk keeps its own code, since writes can resume.

import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { assert, at } from './assert.ts';
import { DbError } from './db-error.ts';
import type { Disk, DiskFile } from './disk.ts';

/** Buffers one writev call may take (IOV_MAX on Linux). */
const vectorCountMax = 1024;

/** The Disk over a directory, which must exist. */
export function openSystemDisk(root: string): Disk {
  const resolve = (path: string): string => join(root, checkedPath(path));
  return {
    async open(path, options) {
      const flags = constants.O_RDWR | (options.create ? constants.O_CREAT : 0);
      return systemFile(path, await attempt('open', path, fs.open(resolve(path), flags, 0o644)));
    },
    readFile: (path) =>
      attempt(
        'read',
        path,
        unlessMissing<Uint8Array | null>(fs.readFile(resolve(path)).then(ownBytes), null),
      ),
    exists: (path) =>
      attempt(
        'stat',
        path,
        unlessMissing(
          fs.stat(resolve(path)).then(() => true),
          false,
        ),
      ),
    list: (folder) => attempt('list', folder, unlessMissing(fs.readdir(resolve(folder)), [])),
    async makeFolder(folder) {
      await attempt('create', folder, fs.mkdir(resolve(folder), { recursive: true }));
    },
    rename: (from, to) => attempt('rename', from, fs.rename(resolve(from), resolve(to))),
    remove: (path) => attempt('remove', path, fs.rm(resolve(path), { force: true })),
    removeFolder: (folder) =>
      attempt('remove', folder, fs.rm(resolve(folder), { force: true, recursive: true })),
    syncFolder: (folder) => attempt('sync', folder, syncFolder(resolve(folder))),
    realPath: resolve,
  };
}

function checkedPath(path: string): string {
  assert(
    !path.startsWith('/') && !path.split('/').includes('..'),
    `path ${path} stays inside the directory`,
  );
  return path;
}

function systemFile(path: string, handle: fs.FileHandle): DiskFile {
  return {
    sizeBytes: async () => (await attempt('stat', path, handle.stat())).size,
    write: (offsetBytes, buffers) => attempt('write', path, writeAll(handle, offsetBytes, buffers)),
    read: (offsetBytes, lengthBytes) =>
      attempt('read', path, readUpTo(handle, offsetBytes, lengthBytes)),
    // Data and the size; times are not worth a second journal write.
    sync: () => attempt('sync', path, handle.datasync()),
    truncate: (sizeBytes) => attempt('truncate', path, handle.truncate(sizeBytes)),
    close: () => attempt('close', path, handle.close()),
  };
}

/** Writes everything, however short the single writes come back. */
async function writeAll(
  handle: fs.FileHandle,
  offsetBytes: number,
  buffers: readonly Uint8Array[],
): Promise<void> {
  let rest = buffers.filter((buffer) => buffer.byteLength > 0);
  let offset = offsetBytes;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest.slice(0, vectorCountMax), offset);
    offset += bytesWritten;
    rest = withoutFirst(rest, bytesWritten);
  }
}

function withoutFirst(buffers: readonly Uint8Array[], sizeBytes: number): Uint8Array[] {
  let index = 0;
  let skip = sizeBytes;
  while (index < buffers.length && skip >= at(buffers, index).byteLength) {
    skip -= at(buffers, index).byteLength;
    index++;
  }
  const rest = buffers.slice(index);
  if (skip > 0) rest[0] = at(rest, 0).subarray(skip);
  return rest;
}

async function readUpTo(
  handle: fs.FileHandle,
  offsetBytes: number,
  lengthBytes: number,
): Promise<Uint8Array> {
  // Not from Node's shared pool: the bytes are sliced and kept, and need their alignment.
  const target = ownBytes(Buffer.allocUnsafeSlow(lengthBytes));
  let filled = 0;
  while (filled < lengthBytes) {
    const { bytesRead } = await handle.read(
      target,
      filled,
      lengthBytes - filled,
      offsetBytes + filled,
    );
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return target.subarray(0, filled);
}

/** The same memory as a plain Uint8Array; Buffer's slice and toString differ. */
function ownBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

async function syncFolder(path: string): Promise<void> {
  const handle = await fs.open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessMissing<T>(result: Promise<T>, missing: T): Promise<T> {
  try {
    return await result;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return missing;
    throw thrown;
  }
}

async function attempt<T>(operation: string, path: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (thrown) {
    const { code, message } = DbError.from(thrown);
    throw new DbError({
      code,
      message: `${operation} ${path === '' ? '.' : path}: ${message}`,
      cause: thrown,
    });
  }
}
