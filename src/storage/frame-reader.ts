// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Reads the frames of one log file through a window, so that a file of any size takes bounded
// memory, and says whether the next frame is whole and follows the last one.

import type { DiskFile } from '../core/index.ts';
import {
  bodyIsWhole,
  type Crc32c,
  type Envelope,
  type EnvelopeHeader,
  envelopeHeadRoomBytes,
  frameAlignmentBytes,
  frameBytes,
  readEnvelopeHeader,
} from './envelope.ts';
import { type LogFileHeader, logFileHeaderBytes } from './log-file.ts';

/** Bytes read at a time; a larger frame is read whole. */
const windowBytes = 4 * 1024 * 1024;

/** Where the next frame must stand and what it must follow. */
export interface ChainPosition {
  readonly offsetBytes: number;
  readonly sequence: number;
  readonly previousHash: bigint;
}

/**
 * Why no envelope was found: 'bad' = nothing whole stands here (the end of the log, or damage);
 * 'chain' = a whole frame of this very file that does not follow, which no crash leaves.
 */
export type FrameFault = 'bad' | 'chain';

/** A header whose body was not read. */
export interface SkippedEnvelope extends EnvelopeHeader {
  readonly body: null;
}

export class FrameReader {
  readonly #file: DiskFile;
  readonly #crc32c: Crc32c;
  readonly sizeBytes: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowOffset = 0;

  constructor(file: DiskFile, sizeBytes: number, crc32c: Crc32c) {
    this.#file = file;
    this.#crc32c = crc32c;
    this.sizeBytes = sizeBytes;
  }

  /** Bytes at an offset; shorter at the end of the file. They stay valid. */
  async bytes(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const length = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offsetBytes));
    const start = offsetBytes - this.#windowOffset;
    if (start < 0 || start + length > this.#window.byteLength) {
      const wanted = Math.min(Math.max(length, windowBytes), this.sizeBytes - offsetBytes);
      this.#window = await this.#file.read(offsetBytes, wanted);
      this.#windowOffset = offsetBytes;
      return this.#window.subarray(0, length);
    }
    return this.#window.subarray(start, start + length);
  }

  /** The header of the frame that a chain position names, its body unread; for skipping. */
  async header(at: ChainPosition, file: LogFileHeader): Promise<SkippedEnvelope | FrameFault> {
    const bytes = await this.bytes(at.offsetBytes, envelopeHeadRoomBytes);
    const header = readEnvelopeHeader(bytes, this.#crc32c);
    if (header === null || !sameBytes(header.fileUuid, file.fileUuid)) return 'bad';
    const follows = header.sequence === at.sequence && header.previousHash === at.previousHash;
    return follows ? Object.assign(header, { body: null }) : 'chain';
  }

  async frame(at: ChainPosition, file: LogFileHeader): Promise<Envelope | FrameFault> {
    const header = await this.header(at, file);
    if (header === 'bad' || header === 'chain') return header;
    const body = await this.bytes(at.offsetBytes + envelopeHeadRoomBytes, header.bodySizeBytes);
    return bodyIsWhole(header, body, this.#crc32c) ? Object.assign(header, { body }) : 'bad';
  }

  /**
   * Every whole header from an offset on, wherever it stands: frames behind damage. fileUuid null
   * takes those of any file.
   */
  async findHeaders(
    fromBytes: number,
    fileUuid: Uint8Array | null,
    visit: (header: EnvelopeHeader, offsetBytes: number) => void,
  ): Promise<void> {
    const stepBytes = 1024 * 1024;
    for (let offset = fromBytes; offset < this.sizeBytes; offset += stepBytes) {
      // A header may reach over the step's end.
      const bytes = await this.bytes(offset, stepBytes + envelopeHeadRoomBytes);
      if (isZero(bytes)) continue;
      for (let i = 0; i < stepBytes && i < bytes.byteLength; i += frameAlignmentBytes) {
        if (bytes[i] !== 0x44) continue; // the magic's first byte
        const header = readEnvelopeHeader(bytes.subarray(i), this.#crc32c);
        if (header === null) continue;
        if (fileUuid === null || sameBytes(header.fileUuid, fileUuid)) visit(header, offset + i);
      }
    }
  }
}

/** Where the chain goes on after an envelope. */
export function positionAfter(at: ChainPosition, header: EnvelopeHeader): ChainPosition {
  return {
    offsetBytes: at.offsetBytes + frameBytes(header),
    sequence: header.sequence + 1,
    previousHash: header.hash,
  };
}

/** Where a file's chain begins. */
export function positionAtStart(file: LogFileHeader): ChainPosition {
  return {
    offsetBytes: logFileHeaderBytes,
    sequence: file.firstSequence,
    previousHash: file.previousHash,
  };
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}

const zeros = Buffer.alloc(64 * 1024);

export function isZero(bytes: Uint8Array): boolean {
  for (let offset = 0; offset < bytes.byteLength; offset += zeros.byteLength) {
    const piece = bytes.subarray(offset, offset + zeros.byteLength);
    if (zeros.compare(piece, 0, piece.byteLength, 0, piece.byteLength) !== 0) return false;
  }
  return true;
}
