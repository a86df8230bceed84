// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// How a file comes into being so that power loss never leaves a half one behind a name that means
// something: written beside its name, synced, renamed over it. A name is durable only once its
// folder is synced, and a folder is a name too.

import type { Disk } from '../core/index.ts';

/** The name beside a name, under which its next content is written. */
export function temporaryNameOf(path: string): string {
  return `${path}.tmp`;
}

/** Creates a folder and its parents; repeats the syncs of a try that was cut off. */
export async function makeFolderDurably(disk: Disk, folder: string): Promise<void> {
  const parent = parentOf(folder);
  if (parent !== '') await makeFolderDurably(disk, parent);
  await disk.makeFolder(folder);
  await disk.syncFolder(parent);
}

/** Replaces a file in one step: after power loss it is the old one or the new one, whole. */
export async function replaceFile(
  disk: Disk,
  folder: string,
  name: string,
  buffers: readonly Uint8Array[],
): Promise<void> {
  const target = folder === '' ? name : `${folder}/${name}`;
  const file = await disk.open(temporaryNameOf(target), { create: true });
  try {
    await file.truncate(0);
    await file.write(0, buffers);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporaryNameOf(target), target);
  await disk.syncFolder(folder);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
