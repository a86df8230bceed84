// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of src/core.

export { assert, at } from './assert.ts';
export { type CancelTimer, type Clock, systemClock } from './clock.ts';
export {
  DbError,
  type ErrorCode,
  type ErrorData,
  type ErrorDetail,
  type ErrorKind,
  isErrorCode,
} from './db-error.ts';
export type { Disk, DiskFile } from './disk.ts';
export { failed, type Outcome, succeeded } from './outcome.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
export { createStream, type EventStream } from './stream.ts';
export { loadSettings, type Settings, settingsHelp } from './settings.ts';
