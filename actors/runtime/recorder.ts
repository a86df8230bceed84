// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Records what a handler asks for, so that nothing happens before it returned.

import type { Outcome } from '../../src/core/index.ts';
import type { AppliedEvent } from '../../src/model/index.ts';
import type {
  ActorSpec,
  Address,
  Effects,
  Message,
  MessageOf,
  ReplyTo,
  RequestOf,
} from './actor.ts';

export type Effect =
  | { readonly kind: 'send'; readonly to: string; readonly message: Message }
  | {
      readonly kind: 'ask';
      readonly to: string;
      readonly request: object;
      readonly then: (outcome: Outcome<unknown>) => Message;
    }
  | { readonly kind: 'reply'; readonly to: ReplyTo; readonly outcome: Outcome<unknown> }
  | {
      readonly kind: 'start';
      readonly work: () => Promise<unknown>;
      readonly then: (outcome: Outcome<unknown>) => Message;
    }
  | {
      readonly kind: 'timer';
      readonly name: string;
      readonly delayMs: number;
      readonly message: Message;
    }
  | { readonly kind: 'cancel-timer'; readonly name: string }
  | { readonly kind: 'publish'; readonly event: AppliedEvent }
  | { readonly kind: 'spawn'; readonly spec: ActorSpec }
  | { readonly kind: 'stop'; readonly address: string };

export class EffectRecorder implements Effects<Message> {
  private recorded: Effect[] = [];

  /** The effects recorded since the last call, in order. */
  take(): readonly Effect[] {
    const taken = this.recorded;
    this.recorded = [];
    return taken;
  }

  send<A extends Address<Message>>(to: A, message: MessageOf<A>): void {
    this.recorded.push({ kind: 'send', to: to.id, message });
  }

  ask<A extends Address<Message>, R>(
    to: A,
    request: RequestOf<A>,
    then: (outcome: Outcome<R>) => Message,
  ): void {
    // The answering actor's reply type is fixed by the message's documentation, not by the runtime.
    this.recorded.push({
      kind: 'ask',
      to: to.id,
      request,
      then: (outcome) => then(outcome as Outcome<R>),
    });
  }

  reply<R>(to: ReplyTo, outcome: Outcome<R>): void {
    this.recorded.push({ kind: 'reply', to, outcome });
  }

  start<R>(work: () => Promise<R>, then: (outcome: Outcome<R>) => Message): void {
    this.recorded.push({ kind: 'start', work, then: (outcome) => then(outcome as Outcome<R>) });
  }

  timer(name: string, delayMs: number, message: Message): void {
    this.recorded.push({ kind: 'timer', name, delayMs, message });
  }

  cancelTimer(name: string): void {
    this.recorded.push({ kind: 'cancel-timer', name });
  }

  publish(event: AppliedEvent): void {
    this.recorded.push({ kind: 'publish', event });
  }

  spawn(spec: ActorSpec): void {
    this.recorded.push({ kind: 'spawn', spec });
  }

  stop(address: string): void {
    this.recorded.push({ kind: 'stop', address });
  }
}
