// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Runs actors in this thread: the one loop of the engine. Messages are handled one at a time in
// the order in which they arrived; after each, its effects run. What is not local goes up the
// link to whoever routes between hosts. Embedded mode, a cell's inside and the simulation are all
// this class; only the clock that calls the loop differs.

import {
  type CancelTimer,
  type Clock,
  DbError,
  failed,
  type Outcome,
  succeeded,
} from '../../src/core/index.ts';
import type { AppliedEvent } from '../../src/model/index.ts';
import {
  type ActorFactories,
  type ActorSpec,
  type Address,
  type Behaviour,
  type Message,
  type MessageOf,
  type Packet,
  type ReplyTo,
  type RequestOf,
  replyOf,
} from './actor.ts';
import type { Host } from './host.ts';
import { type Effect, EffectRecorder } from './recorder.ts';

interface Resident {
  readonly address: string;
  readonly behaviour: Behaviour;
  readonly timers: Map<string, CancelTimer>;
  crashed: DbError | null;
}

/** One turn of the loop's work: a message for an actor, or an answer for whoever asked. */
type Work =
  | { readonly kind: 'message'; readonly resident: Resident; readonly message: Message }
  | { readonly kind: 'answer'; readonly ask: number; readonly outcome: Outcome<unknown> };

export interface InlineHostParts {
  readonly id: number;
  readonly clock: Clock;
  /** Gets a way to send messages from outside of handlers (streams from disk). */
  readonly factories: (post: Post) => ActorFactories;
  /** Takes packets for other hosts; null when there are none. */
  readonly uplink: ((packet: Packet) => void) | null;
  /** True for addresses and specs that belong to this host. */
  readonly isLocal: (address: string) => boolean;
  /** Receives the applied stream of this host's actors. */
  readonly publish: (event: AppliedEvent) => void;
  /** Told when a handler threw; the actor answers errors from then on. */
  readonly onCrash: (address: string, error: DbError) => void;
}

/** Sends a message from outside of a handler. */
export type Post = <A extends Address<Message>>(to: A, message: MessageOf<A>) => void;

/** Messages handled before the loop lets I/O run again. */
const messagesPerTurn = 256;

export class InlineHost implements Host {
  private readonly residents = new Map<string, Resident>();
  private readonly asks = new Map<number, (outcome: Outcome<unknown>) => void>();
  private readonly recorder = new EffectRecorder();
  private queue: Work[] = [];
  private nextAsk = 1;
  private scheduled = false;
  private closed = false;
  private readonly parts: InlineHostParts;
  private readonly factories: ActorFactories;

  constructor(parts: InlineHostParts) {
    this.parts = parts;
    this.factories = parts.factories((to, message) => this.post(to.id, message));
  }

  /** Takes a packet from another host or from the composition root. */
  deliver(packet: Packet): void {
    switch (packet.kind) {
      case 'message':
        this.post(packet.to, packet.message);
        return;
      case 'reply':
        this.settle(packet.to, packet.outcome);
        return;
      case 'spawn':
        this.spawn(packet.spec);
        return;
      case 'stop':
        this.stopActor(packet.address, 'dropped');
        return;
      case 'crashed':
        this.parts.onCrash(packet.address, DbError.fromData(packet.error));
        return;
    }
  }

  spawn(spec: ActorSpec): void {
    if (!this.parts.isLocal(spec.address)) {
      this.up({ kind: 'spawn', spec });
      return;
    }
    const factory = this.factories[spec.kind];
    if (factory === undefined) {
      throw new DbError({
        code: 'internal',
        message: `no factory makes actors of kind ${spec.kind}`,
      });
    }
    const behaviour = factory(spec.init);
    this.residents.set(spec.address, {
      address: spec.address,
      behaviour,
      timers: new Map(),
      crashed: null,
    });
  }

  ask<A extends Address<Message>, R>(to: A, request: RequestOf<A>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const reply = this.expect((outcome) => {
        if (outcome.ok) resolve(outcome.value as R);
        else reject(DbError.fromData(outcome.error));
      });
      this.post(to.id, withReply(request, reply));
    });
  }

  send<A extends Address<Message>>(to: A, message: MessageOf<A>): void {
    this.post(to.id, message);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const address of [...this.residents.keys()].reverse()) this.stopActor(address, 'closed');
    const error = failed(new DbError({ code: 'closed', message: 'the engine was closed' }));
    for (const pending of [...this.asks.values()]) pending(error);
    this.asks.clear();
    return Promise.resolve();
  }

  private post(to: string, message: Message): void {
    const resident = this.residents.get(to);
    if (resident === undefined) {
      if (!this.closed && !this.parts.isLocal(to)) this.up({ kind: 'message', to, message });
      else this.refuse(message, new DbError({ code: 'closed', message: `${to} is gone` }));
      return;
    }
    this.queue.push({ kind: 'message', resident, message });
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.closed) return;
    this.scheduled = true;
    this.parts.clock.defer(() => this.turn());
  }

  private turn(): void {
    this.scheduled = false;
    const batch = this.queue.splice(0, messagesPerTurn);
    for (const work of batch) {
      if (work.kind === 'message') this.handle(work.resident, work.message);
      else this.answer(work.ask, work.outcome);
    }
    if (this.queue.length > 0) this.schedule();
  }

  private handle(resident: Resident, message: Message): void {
    if (resident.crashed !== null || this.residents.get(resident.address) !== resident) {
      const reason = resident.crashed?.message ?? 'the actor was stopped';
      this.refuse(
        message,
        new DbError({ code: 'shard-failed', message: `${resident.address}: ${reason}` }),
      );
      return;
    }
    try {
      resident.behaviour.handle(message, this.recorder);
    } catch (thrown) {
      this.recorder.take();
      resident.crashed = DbError.from(thrown);
      for (const cancel of resident.timers.values()) cancel();
      this.refuse(message, resident.crashed);
      this.parts.onCrash(resident.address, resident.crashed);
      return;
    }
    for (const effect of this.recorder.take()) this.run(resident, effect);
  }

  private run(resident: Resident, effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.post(effect.to, effect.message);
        return;
      case 'ask':
        this.post(
          effect.to,
          withReply(
            effect.request,
            this.expect((outcome) => this.back(resident, effect.then(outcome))),
          ),
        );
        return;
      case 'reply':
        if (effect.to.host === this.parts.id) this.settle(effect.to, effect.outcome);
        else this.up({ kind: 'reply', to: effect.to, outcome: effect.outcome });
        return;
      case 'start':
        effect.work().then(
          (value) => this.back(resident, effect.then(succeeded(value))),
          (thrown: unknown) => this.back(resident, effect.then(failed(thrown))),
        );
        return;
      case 'timer':
        resident.timers.get(effect.name)?.();
        resident.timers.set(
          effect.name,
          this.parts.clock.timer(effect.delayMs, () => {
            resident.timers.delete(effect.name);
            this.back(resident, effect.message);
          }),
        );
        return;
      case 'cancel-timer':
        resident.timers.get(effect.name)?.();
        resident.timers.delete(effect.name);
        return;
      case 'publish':
        this.parts.publish(effect.event);
        return;
      case 'spawn':
        this.spawn(effect.spec);
        return;
      case 'stop':
        if (this.residents.has(effect.address)) this.stopActor(effect.address, 'dropped');
        else this.up({ kind: 'stop', address: effect.address });
        return;
    }
  }

  /** A completion for an actor that may be gone by now. */
  private back(resident: Resident, message: Message): void {
    if (this.closed || this.residents.get(resident.address) !== resident) return;
    this.queue.push({ kind: 'message', resident, message });
    this.schedule();
  }

  private stopActor(address: string, reason: 'closed' | 'dropped'): void {
    const resident = this.residents.get(address);
    if (resident === undefined) return;
    for (const cancel of resident.timers.values()) cancel();
    if (resident.crashed === null) {
      resident.behaviour.stop(this.recorder, reason);
      for (const effect of this.recorder.take()) {
        if (effect.kind === 'reply' || effect.kind === 'send') this.run(resident, effect);
      }
    }
    this.residents.delete(address);
  }

  private expect(settle: (outcome: Outcome<unknown>) => void): ReplyTo {
    const ask = this.nextAsk++;
    this.asks.set(ask, settle);
    return { host: this.parts.id, ask };
  }

  /** Answers keep their place behind the messages sent before them: who asked finds those handled. */
  private settle(to: ReplyTo, outcome: Outcome<unknown>): void {
    if (this.closed) {
      this.answer(to.ask, outcome);
      return;
    }
    this.queue.push({ kind: 'answer', ask: to.ask, outcome });
    this.schedule();
  }

  private answer(ask: number, outcome: Outcome<unknown>): void {
    const pending = this.asks.get(ask);
    this.asks.delete(ask);
    pending?.(outcome);
  }

  private refuse(message: Message, error: DbError): void {
    const reply = replyOf(message);
    if (reply === null) return;
    if (reply.host === this.parts.id) this.settle(reply, failed(error));
    else this.up({ kind: 'reply', to: reply, outcome: failed(error) });
  }

  private up(packet: Packet): void {
    if (this.parts.uplink !== null) this.parts.uplink(packet);
    else if (packet.kind === 'message') {
      this.refuse(packet.message, new DbError({ code: 'closed', message: `${packet.to} is gone` }));
    }
  }
}

/** A request as the actor gets it; RequestOf guarantees that it has a type. */
function withReply(request: object, reply: ReplyTo): Message {
  return { ...request, reply } as unknown as Message;
}
