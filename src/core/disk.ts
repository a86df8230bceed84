// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The disk as a port, with just the calls that durable storage needs and their exact promises.
// A simulated disk behind the same calls tears, loses and refuses; the engine cannot tell.
// Paths are relative to the data directory, '/' separated, and may not contain '..'.

export interface DiskFile {
  readonly sizeBytes: () => Promise<number>;
  /** Writes all buffers one after the other at an offset. Not durable before sync(). */
  write(offsetBytes: number, buffers: readonly Uint8Array[]): Promise<void>;
  /** Reads up to lengthBytes; shorter only at the end of the file. */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** Returns when everything written before the call would survive power loss. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /** Opens for reading and writing; creates when asked, else a missing file is an error. */
  open(path: string, options: { readonly create: boolean }): Promise<DiskFile>;
  /** Whole file, or null when there is none. */
  readFile(path: string): Promise<Uint8Array | null>;
  exists(path: string): Promise<boolean>;
  /** Names (not paths) in a folder; empty when there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Creates a folder and its parents. */
  makeFolder(folder: string): Promise<void>;
  /** Atomic replacement; durable after syncFolder of the target's folder. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file if it is there. */
  remove(path: string): Promise<void>;
  /** Removes a folder with all that is in it, if it is there. */
  removeFolder(folder: string): Promise<void>;
  /** Makes created, renamed and removed names in a folder durable. */
  syncFolder(folder: string): Promise<void>;
  /** Absolute path for native mmap, or null when files have no real path (simulation). */
  realPath(path: string): string | null;
}
