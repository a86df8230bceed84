// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Where does the log end after a crash? Frames are taken until the first bad one. If anything
// later proves that the bad one had been durable (a frame that names it as synced, a next file),
// that is damage and the log refuses to open. Otherwise it was never acknowledged: the log ends
// there, and all that follows, whole frames included, is zeroed and synced before the next append.
//
// Two things make this safe to repeat. A process that died may have left whole frames in the page
// cache only, or, after a failed fsync, pages that are clean but not on the medium; so the
// header and the tail that no later frame proves durable are written again in place and synced
// before they count, names included. Every write of recovery either repeats bytes or zeroes what was already outside the log.

import { assert, at, DbError, type Disk, type DiskFile } from '../core/index.ts';
import { type Crc32c, frameAlignmentBytes } from './envelope.ts';
import {
  type ChainPosition,
  FrameReader,
  isZero,
  positionAfter,
  positionAtStart,
  sameBytes,
} from './frame-reader.ts';
import {
  decodeLogFileHeader,
  type LogFileHeader,
  listLogFiles,
  logFileHeaderBytes,
  logFileName,
} from './log-file.ts';

export interface LogFile {
  readonly path: string;
  readonly header: LogFileHeader;
}

export interface RecoveredLog {
  /** Ascending; the last one is active. */
  readonly files: readonly LogFile[];
  readonly active: DiskFile;
  readonly activeSizeBytes: number;
  /** Where the next frame goes. */
  readonly end: ChainPosition;
  /** Highest epoch seen. */
  readonly epoch: number;
}

/** What one file's scan found. */
interface FileScan {
  readonly end: ChainPosition;
  readonly epoch: number;
  /** Offset of the first frame that nothing proves durable. */
  readonly unprovenBytes: number;
}

const pieceBytes = 1024 * 1024;
const zeroBlockBytes = 64 * 1024;

/** Repairs a log's tail and says where it goes on; null when the folder holds no log yet. */
export async function recoverLog(
  disk: Disk,
  folder: string,
  crc32c: Crc32c,
): Promise<RecoveredLog | null> {
  const files = await readHeaders(disk, folder, crc32c);
  const last = files.at(-1);
  if (last === undefined) return null;
  let epoch = 0;
  for (const [index, { path, header }] of files.entries()) {
    const file = await disk.open(path, { create: false });
    try {
      const reader = new FrameReader(file, await file.sizeBytes(), crc32c);
      const scan = await scanFile(reader, path, header);
      epoch = Math.max(epoch, scan.epoch);
      const next = files[index + 1];
      if (next !== undefined) {
        refuseGap(path, scan.end, next);
        await file.close();
        continue;
      }
      await refuseDamage(reader, path, header, scan.end);
      await settleTail(file, reader, scan);
      await disk.syncFolder(folder);
      return { files, active: file, activeSizeBytes: reader.sizeBytes, end: scan.end, epoch };
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }
  assert(false, 'the last file ends the loop');
}

async function readHeaders(disk: Disk, folder: string, crc32c: Crc32c): Promise<LogFile[]> {
  const numbers = await listLogFiles(disk, folder);
  const files: LogFile[] = [];
  for (const [index, fileNumber] of numbers.entries()) {
    const path = `${folder}/${logFileName(fileNumber)}`;
    if (index > 0 && fileNumber !== at(numbers, index - 1) + 1) {
      throw corrupt(path, 0, `${logFileName(fileNumber - 1)} is missing`);
    }
    const header = await readHeader(disk, path, crc32c);
    if (header === null) {
      if (index < numbers.length - 1) throw corrupt(path, 0, 'the file header is damaged');
      // A roll that never finished: its frames could only have come after the header was durable.
      await disk.remove(path);
      continue;
    }
    if (header.fileNumber !== fileNumber)
      throw corrupt(path, 0, `this is file ${header.fileNumber}`);
    const first = files[0];
    if (first !== undefined && !sameBytes(first.header.logUuid, header.logUuid)) {
      throw corrupt(path, 0, 'the file belongs to another log');
    }
    files.push({ path, header });
  }
  return files;
}

/** The header; null when the file never got one and so never got a frame. */
async function readHeader(disk: Disk, path: string, crc32c: Crc32c): Promise<LogFileHeader | null> {
  const file = await disk.open(path, { create: false });
  try {
    const header = decodeLogFileHeader(await file.read(0, logFileHeaderBytes), crc32c);
    if (header !== null) return header;
    const reader = new FrameReader(file, await file.sizeBytes(), crc32c);
    await reader.findHeaders(logFileHeaderBytes, null, () => {
      throw corrupt(path, 0, 'the file header is damaged');
    });
    return null;
  } finally {
    await file.close();
  }
}

async function scanFile(
  reader: FrameReader,
  path: string,
  header: LogFileHeader,
): Promise<FileScan> {
  let end = positionAtStart(header);
  let epoch = header.epoch;
  // Frames that no later one proved durable yet, oldest first from `proven` on.
  const offsets: { readonly sequence: number; readonly offsetBytes: number }[] = [];
  let proven = 0;
  for (;;) {
    const envelope = await reader.frame(end, header);
    if (envelope === 'chain') {
      throw corrupt(path, end.offsetBytes, 'an envelope does not follow the one before');
    }
    if (envelope === 'bad') break;
    epoch = Math.max(epoch, envelope.epoch);
    offsets.push({ sequence: envelope.sequence, offsetBytes: end.offsetBytes });
    while (at(offsets, proven).sequence <= envelope.syncedSequence) proven++;
    end = positionAfter(end, envelope);
  }
  return { end, epoch, unprovenBytes: offsets[proven]?.offsetBytes ?? end.offsetBytes };
}

/** Every frame of a file was durable before the next file was made. */
function refuseGap(path: string, end: ChainPosition, next: LogFile): void {
  const { firstSequence, previousHash } = next.header;
  if (end.sequence < firstSequence) {
    const proof = `${next.path} goes on at ${firstSequence}`;
    throw corrupt(path, end.offsetBytes, `envelope ${end.sequence} is damaged, ${proof}`);
  }
  if (end.sequence > firstSequence || end.previousHash !== previousHash) {
    throw corrupt(next.path, 0, `the file does not follow ${path}`);
  }
}

/** Does anything behind the end prove that the frame missing there was durable? */
async function refuseDamage(
  reader: FrameReader,
  path: string,
  header: LogFileHeader,
  end: ChainPosition,
): Promise<void> {
  await reader.findHeaders(end.offsetBytes, header.fileUuid, (later, offsetBytes) => {
    if (later.syncedSequence < end.sequence) return;
    const proof = `envelope ${later.sequence} at ${offsetBytes} says it was durable`;
    throw corrupt(path, end.offsetBytes, `envelope ${end.sequence} is damaged: ${proof}`);
  });
}

async function settleTail(file: DiskFile, reader: FrameReader, scan: FileScan): Promise<void> {
  const endBytes = scan.end.offsetBytes;
  await file.write(0, [await reader.bytes(0, logFileHeaderBytes)]);
  for (let offset = scan.unprovenBytes; offset < endBytes; offset += pieceBytes) {
    const piece = await reader.bytes(offset, Math.min(pieceBytes, endBytes - offset));
    await file.write(offset, [piece]);
  }
  const zeros = new Uint8Array(zeroBlockBytes);
  for (let offset = endBytes; offset < reader.sizeBytes; offset += zeroBlockBytes) {
    const block = await reader.bytes(offset, zeroBlockBytes);
    if (!isZero(block)) await file.write(offset, [zeros.subarray(0, block.byteLength)]);
  }
  await file.sync();
  assert(endBytes % frameAlignmentBytes === 0, 'the log ends where a frame may begin');
}

function corrupt(path: string, offsetBytes: number, what: string): DbError {
  return new DbError({
    code: 'corrupt',
    message: `log file ${path} at offset ${offsetBytes}: ${what}`,
  });
}
