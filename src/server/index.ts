// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of src/server.

export { type Door, type DoorParts, type DoorSettings, openDoor } from './door.ts';
export { type Management, type ManagementParts, openManagement } from './management.ts';
export { serverVersion } from './version.ts';
