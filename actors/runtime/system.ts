// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Who lives where. The main thread's host and the cells, with a placement that says which host an
// address belongs to; packets between cells pass through here. With no cells everything lives on
// the main thread's host, which is embedded mode and the simulation.

import type { DbError } from '../../src/core/index.ts';
import type { ActorSpec, Address, Message, MessageOf, Packet, RequestOf } from './actor.ts';
import type { Host } from './host.ts';
import { InlineHost, type InlineHostParts } from './inline-host.ts';

export interface SystemParts {
  readonly main: Omit<InlineHostParts, 'id' | 'uplink' | 'isLocal'>;
  /** Makes the cells; host ids count from 1. */
  readonly cells: readonly ((hostId: number, route: (packet: Packet) => void) => Host)[];
  /** Index into [main, ...cells] for an address. */
  readonly place: (address: string) => number;
}

export class ActorSystem {
  private readonly hosts: Host[];
  private readonly main: InlineHost;
  private readonly place: (address: string) => number;

  constructor(parts: SystemParts) {
    this.place = parts.place;
    this.main = new InlineHost({
      ...parts.main,
      id: 0,
      isLocal: (address) => this.place(address) === 0,
      uplink: (packet) => this.route(packet),
    });
    this.hosts = [
      this.main,
      ...parts.cells.map((make, i) => make(i + 1, (packet) => this.route(packet))),
    ];
  }

  spawn(spec: ActorSpec): void {
    this.route({ kind: 'spawn', spec });
  }

  ask<A extends Address<Message>, R>(to: A, request: RequestOf<A>): Promise<R> {
    return this.main.ask(to, request);
  }

  send<A extends Address<Message>>(to: A, message: MessageOf<A>): void {
    this.main.send(to, message);
  }

  /** Called by the owner of a crashed cell or actor, so that the main thread can act. */
  crashed(address: string, error: DbError): void {
    this.main.deliver({ kind: 'crashed', address, error: error.toData() });
  }

  async close(): Promise<void> {
    for (const host of [...this.hosts].reverse()) await host.close();
  }

  private route(packet: Packet): void {
    this.hosts[this.hostOf(packet)]?.deliver(packet);
  }

  private hostOf(packet: Packet): number {
    switch (packet.kind) {
      case 'message':
        return this.place(packet.to);
      case 'spawn':
        return this.place(packet.spec.address);
      case 'stop':
        return this.place(packet.address);
      case 'reply':
        return packet.to.host;
      case 'crashed':
        return 0;
    }
  }
}
