// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What an actor is: a synchronous state machine. handle() changes only its own state and records
// effects; the loop runs them after it returned, and everything slow comes back as a later message.
// So an actor can never wait on itself, group commit forms by itself, and a simulation that decides
// the order of messages decides everything.

import type { ErrorData, Outcome } from '../../src/core/index.ts';
import type { AppliedEvent } from '../../src/model/index.ts';

export interface Message {
  readonly type: string;
}

/** Name of an actor, typed by the messages it takes. Plain data. */
export interface Address<M extends Message> {
  readonly id: string;
  /** Never set: carries the type only. */
  readonly accepts?: M;
}

/** The messages that an address takes. */
export type MessageOf<A> = A extends Address<infer M> ? M : never;

/** The requests that an address takes, as they are asked: the runtime adds `reply`. */
export type RequestOf<A> = WithoutReply<MessageOf<A>>;
type WithoutReply<M> = M extends { readonly reply: ReplyTo } ? Omit<M, 'reply'> : never;

/** Where an answer goes: a pending ask of a host. Plain data, part of a request message. */
export interface ReplyTo {
  readonly host: number;
  readonly ask: number;
}

/** An actor to be made: kind names its factory, init is plain data. */
export interface ActorSpec {
  readonly address: string;
  readonly kind: string;
  readonly init: unknown;
}

/** What a handler may ask for. Recorded, and run in this order after the handler returned. */
export interface Effects<M extends Message> {
  send<A extends Address<Message>>(to: A, message: MessageOf<A>): void;
  /** Sends a request; its answer comes back as a message. */
  ask<A extends Address<Message>, R>(
    to: A,
    request: RequestOf<A>,
    then: (outcome: Outcome<R>) => M,
  ): void;
  reply<R>(to: ReplyTo, outcome: Outcome<R>): void;
  /** Slow work (disk, native pool, compute pool); its outcome comes back as a message. */
  start<R>(work: () => Promise<R>, then: (outcome: Outcome<R>) => M): void;
  /** One timer a name: setting it again replaces it. */
  timer(name: string, delayMs: number, message: M): void;
  cancelTimer(name: string): void;
  /** Puts an event on the applied stream of this host. */
  publish(event: AppliedEvent): void;
  spawn(spec: ActorSpec): void;
  /** Ends another actor: its stop() runs, later messages to it are answered 'closed'. */
  stop(address: string): void;
}

export type StopReason = 'closed' | 'dropped';

export interface Actor<S, M extends Message> {
  handle(state: S, message: M, effects: Effects<M>): void;
  /** Last words: answers what is pending and frees what it owns. Records no further work. */
  stop(state: S, effects: Effects<M>, reason: StopReason): void;
}

/** An actor with its state, as a factory makes it; the state's type stays inside. */
export interface Behaviour {
  handle(message: Message, effects: Effects<Message>): void;
  stop(effects: Effects<Message>, reason: StopReason): void;
}

/** Binds an actor to its first state. The host delivers only messages of the address's type. */
export function behaviour<S, M extends Message>(actor: Actor<S, M>, state: S): Behaviour {
  return {
    handle: (message, effects) => actor.handle(state, message as M, effects),
    stop: (effects, reason) => actor.stop(state, effects, reason),
  };
}

export type ActorFactories = Readonly<Record<string, (init: unknown) => Behaviour>>;

/** What crosses between hosts. */
export type Packet =
  | { readonly kind: 'message'; readonly to: string; readonly message: Message }
  | { readonly kind: 'reply'; readonly to: ReplyTo; readonly outcome: Outcome<unknown> }
  | { readonly kind: 'spawn'; readonly spec: ActorSpec }
  | { readonly kind: 'stop'; readonly address: string }
  | { readonly kind: 'crashed'; readonly address: string; readonly error: ErrorData };

/** The reply field of a request, or null for other messages. */
export function replyOf(message: Message): ReplyTo | null {
  return 'reply' in message && isReplyTo(message.reply) ? message.reply : null;
}

function isReplyTo(value: unknown): value is ReplyTo {
  return typeof value === 'object' && value !== null && 'host' in value && 'ask' in value;
}
