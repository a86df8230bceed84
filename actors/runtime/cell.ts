// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A cell seen from inside its worker: an inline host whose uplink is the port to the main thread.
// The worker's entry (a composition root) builds the factories and awaits runCell, which ends when
// the main thread closes the cell.

import { type Clock, DbError } from '../../src/core/index.ts';
import type { AppliedEvent } from '../../src/model/index.ts';
import type { ActorFactories, Packet } from './actor.ts';
import { InlineHost, type Post } from './inline-host.ts';
import type { CellTask } from './thread-host.ts';

export interface CellParts {
  readonly clock: Clock;
  readonly factories: (post: Post) => ActorFactories;
  readonly publish: (event: AppliedEvent) => void;
}

export async function runCell(task: CellTask, parts: CellParts): Promise<void> {
  const { port, hostId } = task;
  let outgoing: Packet[] = [];
  const flush = (): void => {
    const packets = outgoing;
    outgoing = [];
    port.postMessage(packets);
  };
  const uplink = (packet: Packet): void => {
    outgoing.push(packet);
    if (outgoing.length === 1) queueMicrotask(flush);
  };
  // The main thread routes by placement, so whatever arrives here to be spawned is local.
  const local = new Set<string>();
  const host = new InlineHost({
    id: hostId,
    ...parts,
    uplink,
    isLocal: (address) => local.has(address),
    onCrash: (address, error) => uplink({ kind: 'crashed', address, error: error.toData() }),
  });
  await new Promise<void>((resolve) => {
    port.on('message', (packets: readonly Packet[] | null) => {
      if (packets === null) {
        resolve();
        return;
      }
      for (const packet of packets) {
        if (packet.kind === 'spawn') local.add(packet.spec.address);
        try {
          host.deliver(packet);
        } catch (thrown) {
          const address = packet.kind === 'spawn' ? packet.spec.address : 'cell';
          uplink({ kind: 'crashed', address, error: DbError.from(thrown).toData() });
        }
      }
    });
  });
  await host.close();
  flush();
  port.close();
}
