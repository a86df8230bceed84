// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A cell seen from the main thread: a worker that hosts actors. The worker is a one-thread Piscina
// with a never-ending task and atomics off, since an idle Piscina worker otherwise blocks its event
// loop. Packets of one turn travel as one array: posting is what costs, not its size.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type Clock, DbError } from '../../src/core/index.ts';
import type { ActorSpec, Packet } from './actor.ts';
import type { Host } from './host.ts';

/** What the worker's entry gets; see runCell. */
export interface CellTask {
  readonly port: MessagePort;
  readonly hostId: number;
  readonly settings: unknown;
}

export interface ThreadHostParts {
  readonly hostId: number;
  readonly entry: string;
  readonly settings: unknown;
  readonly clock: Clock;
  /** Packets that the cell sends to others. */
  readonly route: (packet: Packet) => void;
  /** The cell ended although nobody closed it. */
  readonly onDeath: (error: DbError) => void;
}

export class ThreadHost implements Host {
  private readonly pool: Piscina;
  private readonly port: MessagePort;
  private readonly ended: Promise<void>;
  private readonly parts: ThreadHostParts;
  private outgoing: Packet[] = [];
  private closing = false;

  constructor(parts: ThreadHostParts) {
    this.parts = parts;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.pool = new Piscina({
      filename: parts.entry,
      minThreads: 1,
      maxThreads: 1,
      atomics: 'disabled',
    });
    port1.on('message', (packets: readonly Packet[]) => {
      for (const packet of packets) parts.route(packet);
    });
    const task: CellTask = { port: port2, hostId: parts.hostId, settings: parts.settings };
    this.ended = this.pool.run(task, { transferList: [port2] }).then(
      () => this.finished(null),
      (thrown: unknown) => this.finished(thrown),
    );
  }

  spawn(spec: ActorSpec): void {
    this.deliver({ kind: 'spawn', spec });
  }

  deliver(packet: Packet): void {
    this.outgoing.push(packet);
    if (this.outgoing.length === 1) queueMicrotask(() => this.flush());
  }

  async close(): Promise<void> {
    this.closing = true;
    this.flush();
    this.port.postMessage(null);
    await this.ended;
    this.port.close();
    await this.pool.destroy();
  }

  private flush(): void {
    if (this.outgoing.length === 0) return;
    const packets = this.outgoing;
    this.outgoing = [];
    this.port.postMessage(packets);
  }

  private finished(thrown: unknown): void {
    if (this.closing) return;
    const cause = thrown == null ? 'its task returned' : DbError.from(thrown).message;
    this.parts.onDeath(
      new DbError({ code: 'internal', message: `cell ${this.parts.hostId} ended: ${cause}` }),
    );
  }
}
