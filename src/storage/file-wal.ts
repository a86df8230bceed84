// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The write-ahead log in files. A group of envelopes is one write and, when asked, one sync.
// Files have a target size and are zeroed a little ahead of the last frame, so that most syncs
// change no metadata of the file system. Zeroing never has a sync of its own: a sync that fails
// tells only one caller, and that must be the one who acknowledges.
//
// A sync or write that fails leaves the group's fate unknown, so the log takes no more appends
// until it is opened again. A full disk is different: what was written is zeroed again, and the
// log goes on as soon as there is room.

import { assert, at, DbError, type Disk, type DiskFile, type Random } from '../core/index.ts';
import {
  type Crc32c,
  type Envelope,
  type EnvelopeDraft,
  emptyEnvelopeFields,
  envelopeHeadRoomBytes,
  envelopeKinds,
  sealEnvelope,
} from './envelope.ts';
import { makeFolderDurably } from './atomic-file.ts';
import { type ChainPosition, FrameReader, positionAfter, positionAtStart } from './frame-reader.ts';
import { createLogFile, type LogFileHeader, logFileHeaderBytes, logFileName } from './log-file.ts';
import { type LogFile, type RecoveredLog, recoverLog } from './recover-log.ts';
import type { AppendOptions, AppendResult, Wal } from './wal.ts';

export interface FileWalDeps {
  readonly disk: Disk;
  readonly crc32c: Crc32c;
  readonly random: Random;
}

export interface FileWalOptions {
  /** Target size of a file; one that begins with a larger group is larger. */
  readonly fileSizeBytes: number;
  /** Zeros written ahead of the last frame. */
  readonly zeroAheadBytes: number;
  /** A log that ends before this sequence has lost something that others build on: `corrupt`. */
  readonly minLastSequence: number;
}

/** Opens a log folder, recovers it, and begins a new epoch in it. */
export async function openFileWal(
  deps: FileWalDeps,
  folder: string,
  options: FileWalOptions,
): Promise<Wal> {
  await makeFolderDurably(deps.disk, folder);
  const recovered = await recoverLog(deps.disk, folder, deps.crc32c);
  const lastSequence = recovered === null ? 0 : recovered.end.sequence - 1;
  if (lastSequence < options.minLastSequence) {
    await recovered?.active.close();
    const message = `log ${folder} ends at ${lastSequence}, but ${options.minLastSequence} was durable`;
    throw new DbError({ code: 'corrupt', message });
  }
  const wal = new FileWal(
    deps,
    folder,
    options,
    recovered ?? (await createLog(deps, folder, options)),
  );
  try {
    await wal.beginEpoch();
    return wal;
  } catch (thrown) {
    await wal.close();
    throw thrown;
  }
}

async function createLog(
  deps: FileWalDeps,
  folder: string,
  options: FileWalOptions,
): Promise<RecoveredLog> {
  const header: LogFileHeader = {
    fileUuid: deps.random.bytes(16),
    logUuid: deps.random.bytes(16),
    fileNumber: 1,
    firstSequence: 1,
    previousHash: 0n,
    epoch: 0,
  };
  const active = await createLogFile(
    deps.disk,
    folder,
    header,
    options.zeroAheadBytes,
    deps.crc32c,
  );
  const files = [{ path: `${folder}/${logFileName(1)}`, header }];
  const activeSizeBytes = logFileHeaderBytes + options.zeroAheadBytes;
  return { files, active, activeSizeBytes, end: positionAtStart(header), epoch: 0 };
}

class FileWal implements Wal {
  readonly #deps: FileWalDeps;
  readonly #folder: string;
  readonly #options: FileWalOptions;
  readonly epoch: number;
  #files: LogFile[];
  #active: DiskFile;
  #end: ChainPosition;
  /** The active file is zero from the end of the log up to here. */
  #zeroedBytes: number;
  #zeroing: Promise<void> = Promise.resolve();
  #durableSequence: number;
  #busy = false;
  #failure: DbError | null = null;

  constructor(deps: FileWalDeps, folder: string, options: FileWalOptions, log: RecoveredLog) {
    this.#deps = deps;
    this.#folder = folder;
    this.#options = options;
    this.#files = [...log.files];
    this.#active = log.active;
    this.#end = log.end;
    this.#zeroedBytes = log.activeSizeBytes;
    this.#durableSequence = log.end.sequence - 1;
    this.epoch = log.epoch + 1;
  }

  get firstSequence(): number {
    return at(this.#files, 0).header.firstSequence;
  }

  get lastSequence(): number {
    return this.#end.sequence - 1;
  }

  get durableSequence(): number {
    return this.#durableSequence;
  }

  /** The record that tells this open's envelopes from those of earlier ones. */
  async beginEpoch(): Promise<void> {
    const buffer = new Uint8Array(envelopeHeadRoomBytes);
    await this.append([{ ...emptyEnvelopeFields, kind: envelopeKinds.epoch, buffer }], {
      sync: true,
    });
  }

  append(drafts: readonly EnvelopeDraft[], options: AppendOptions): Promise<AppendResult> {
    return this.#alone(async () => {
      assert(drafts.length > 0, 'a group has an envelope');
      const sizeBytes = drafts.reduce((sum, draft) => sum + draft.buffer.byteLength, 0);
      await this.#zeroing;
      if (this.#failure !== null) throw this.#failure;
      const full = this.#end.offsetBytes + sizeBytes > this.#options.fileSizeBytes;
      if (full && this.#end.offsetBytes > logFileHeaderBytes) await this.#roll();
      const firstSequence = this.#end.sequence;
      const end = this.#seal(drafts);
      await this.#write(
        drafts.map((draft) => draft.buffer),
        end.offsetBytes,
      );
      if (options.sync) await this.#syncActive();
      this.#end = end;
      const lastSequence = end.sequence - 1;
      if (options.sync) this.#durableSequence = lastSequence;
      this.#zeroing = this.#zeroAhead(sizeBytes);
      return { firstSequence, lastSequence, durableSequence: this.#durableSequence };
    });
  }

  sync(): Promise<void> {
    return this.#alone(() => this.#syncAll());
  }

  async read(
    fromSequence: number,
    visit: (envelope: Envelope) => void | Promise<void>,
  ): Promise<void> {
    if (fromSequence < this.firstSequence) {
      const message = `log ${this.#folder} begins at ${this.firstSequence}, asked for ${fromSequence}`;
      throw new DbError({ code: 'corrupt', message });
    }
    const throughSequence = this.lastSequence;
    const files = [...this.#files];
    for (const [index, file] of files.entries()) {
      const untilSequence = files[index + 1]?.header.firstSequence ?? throughSequence + 1;
      if (untilSequence > fromSequence)
        await this.#readFile(file, fromSequence, untilSequence, visit);
    }
  }

  async trim(throughSequence: number): Promise<void> {
    // One name at a time and the oldest first, so that power loss cannot leave a gap; a name whose
    // removal failed is tried again before the next.
    for (;;) {
      const [first, second] = this.#files;
      if (first === undefined || second === undefined) return;
      if (second.header.firstSequence - 1 > throughSequence) return;
      await this.#deps.disk.remove(first.path);
      await this.#deps.disk.syncFolder(this.#folder);
      this.#files = this.#files.slice(1);
    }
  }

  async close(): Promise<void> {
    this.#failure ??= new DbError({ code: 'closed', message: `log ${this.#folder} is closed` });
    await this.#zeroing;
    await this.#active.close();
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    assert(!this.#busy, 'the log has one caller at a time');
    if (this.#failure !== null) throw this.#failure;
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  #seal(drafts: readonly EnvelopeDraft[]): ChainPosition {
    const { fileUuid } = at(this.#files, this.#files.length - 1).header;
    let { offsetBytes, sequence, previousHash } = this.#end;
    for (const draft of drafts) {
      const syncedSequence = this.#durableSequence;
      const position = { fileUuid, sequence, syncedSequence, previousHash, epoch: this.epoch };
      previousHash = sealEnvelope(draft, position, this.#deps.crc32c);
      offsetBytes += draft.buffer.byteLength;
      sequence++;
    }
    return { offsetBytes, sequence, previousHash };
  }

  async #write(buffers: readonly Uint8Array[], endBytes: number): Promise<void> {
    try {
      await this.#active.write(this.#end.offsetBytes, buffers);
    } catch (thrown) {
      const error = DbError.from(thrown);
      if (error.code !== 'disk-full') throw this.#fail('write', error);
      await this.#unwrite(endBytes);
      throw error;
    }
  }

  /** Takes back a group that found the disk full. */
  async #unwrite(endBytes: number): Promise<void> {
    try {
      const from = this.#end.offsetBytes;
      const until = Math.min(endBytes, await this.#active.sizeBytes());
      if (until > from) await this.#active.write(from, [new Uint8Array(until - from)]);
      await this.#active.sync();
      this.#durableSequence = this.lastSequence;
    } catch (thrown) {
      throw this.#fail('clean-up on a full disk', thrown);
    }
  }

  async #syncActive(): Promise<void> {
    try {
      await this.#active.sync();
    } catch (thrown) {
      throw this.#fail('sync', thrown);
    }
  }

  async #syncAll(): Promise<void> {
    const { lastSequence } = this;
    if (this.#durableSequence === lastSequence) return;
    await this.#syncActive();
    this.#durableSequence = lastSequence;
  }

  async #roll(): Promise<void> {
    await this.#syncAll();
    const { disk, crc32c, random } = this.#deps;
    const previous = at(this.#files, this.#files.length - 1).header;
    const header: LogFileHeader = {
      fileUuid: random.bytes(16),
      logUuid: previous.logUuid,
      fileNumber: previous.fileNumber + 1,
      firstSequence: this.#end.sequence,
      previousHash: this.#end.previousHash,
      epoch: this.epoch,
    };
    const path = `${this.#folder}/${logFileName(header.fileNumber)}`;
    const { zeroAheadBytes } = this.#options;
    let next: DiskFile;
    try {
      next = await createLogFile(disk, this.#folder, header, zeroAheadBytes, crc32c);
    } catch (thrown) {
      const error = DbError.from(thrown);
      if (error.code !== 'disk-full') throw this.#fail('roll', error);
      await this.#unroll(path);
      throw error;
    }
    await this.#active.close();
    this.#active = next;
    this.#files.push({ path, header });
    this.#end = positionAtStart(header);
    this.#zeroedBytes = logFileHeaderBytes + zeroAheadBytes;
  }

  /** Takes back a file that found the disk full: it must not come back after later appends here. */
  async #unroll(path: string): Promise<void> {
    try {
      await this.#deps.disk.remove(path);
      await this.#deps.disk.syncFolder(this.#folder);
    } catch (thrown) {
      throw this.#fail('clean-up on a full disk', thrown);
    }
  }

  async #zeroAhead(groupBytes: number): Promise<void> {
    const { fileSizeBytes, zeroAheadBytes } = this.#options;
    // Large groups outrun the zeros: writing the bytes twice costs more than it saves.
    if (groupBytes >= zeroAheadBytes) return;
    const from = Math.max(this.#zeroedBytes, this.#end.offsetBytes);
    const until = Math.min(this.#end.offsetBytes + zeroAheadBytes, fileSizeBytes);
    if (from - this.#end.offsetBytes > zeroAheadBytes / 2 || until <= from) return;
    this.#zeroedBytes = until;
    try {
      await this.#active.write(from, [new Uint8Array(until - from)]);
    } catch (thrown) {
      // Zeros are a convenience; a full disk will tell the append that really needs the room.
      if (DbError.from(thrown).code !== 'disk-full') this.#fail('write', thrown);
    }
  }

  async #readFile(
    { path, header }: LogFile,
    fromSequence: number,
    untilSequence: number,
    visit: (envelope: Envelope) => void | Promise<void>,
  ): Promise<void> {
    const file = await this.#deps.disk.open(path, { create: false });
    try {
      const reader = new FrameReader(file, await file.sizeBytes(), this.#deps.crc32c);
      let position = positionAtStart(header);
      while (position.sequence < untilSequence) {
        const skips = position.sequence < fromSequence;
        const found = skips
          ? await reader.header(position, header)
          : await reader.frame(position, header);
        if (found === 'bad' || found === 'chain') throw damaged(path, position);
        if (found.body !== null) await visit(found);
        position = positionAfter(position, found);
      }
    } finally {
      await file.close();
    }
  }

  #fail(operation: string, cause: unknown): DbError {
    const text = DbError.from(cause).message;
    const message = `log ${this.#folder} failed in ${operation} and takes no more writes until reopened: ${text}`;
    this.#failure ??= new DbError({ code: 'log-failed', message, cause });
    return this.#failure;
  }
}

function damaged(path: string, position: ChainPosition): DbError {
  const { offsetBytes, sequence } = position;
  const message = `log file ${path} at offset ${offsetBytes}: envelope ${sequence} is damaged`;
  return new DbError({ code: 'corrupt', message });
}
