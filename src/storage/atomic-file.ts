// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The two ways a file comes into being so that power loss never leaves a half one behind a name
// that means something: written and synced under its name before anyone refers to it, or written
// beside its name and renamed over it. Names are durable only once their folder is synced.

import type { Disk } from '../core/index.ts';

const temporarySuffix = '.tmp';

/** Creates a folder and its parents; repeats the syncs of a try that was cut off. */
export async function makeFolderDurably(disk: Disk, folder: string): Promise<void> {
  const parent = parentOf(folder);
  if (parent !== '') await makeFolderDurably(disk, parent);
  await disk.makeFolder(folder);
  await disk.syncFolder(parent);
}

/** Writes a file whole and syncs it; its name is durable after the caller synced the folder. */
export async function writeSyncedFile(disk: Disk, path: string, buffers: readonly Uint8Array[]): Promise<void> {
  const file = await disk.open(path, { create: true });
  try {
    await file.truncate(0);
    await file.write(0, buffers);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file in one step: after power loss it is the old one or the new one, whole. */
export async function replaceFile(
  disk: Disk,
  folder: string,
  name: string,
  buffers: readonly Uint8Array[],
): Promise<void> {
  const target = folder === '' ? name : `${folder}/${name}`;
  await writeSyncedFile(disk, target + temporarySuffix, buffers);
  await disk.rename(target + temporarySuffix, target);
  await disk.syncFolder(folder);
}

/** Is it left over from a replacement that was cut off? */
export function isTemporaryName(name: string): boolean {
  return name.endsWith(temporarySuffix);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
