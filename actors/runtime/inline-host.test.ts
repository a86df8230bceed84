// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The loop's promises: effects run after the handler, in order; messages keep their order; a crash
// answers whoever waits; stop answers what is pending.

import { expect, test } from 'vitest';
import { type Clock, DbError, type Outcome, succeeded } from '../../src/core/index.ts';
import { type Actor, type ActorFactories, type Address, behaviour, type ReplyTo } from './actor.ts';
import { InlineHost } from './inline-host.ts';

type CounterMessage =
  | { readonly type: 'add'; readonly by: number }
  | { readonly type: 'get'; readonly reply: ReplyTo }
  | { readonly type: 'slow'; readonly reply: ReplyTo }
  | { readonly type: 'slept'; readonly outcome: Outcome<number>; readonly reply: ReplyTo }
  | { readonly type: 'throw'; readonly reply: ReplyTo }
  | { readonly type: 'hold'; readonly reply: ReplyTo };

interface CounterState {
  value: number;
  held: ReplyTo[];
}

const counter: Actor<CounterState, CounterMessage> = {
  handle(state, message, effects) {
    switch (message.type) {
      case 'add':
        state.value += message.by;
        return;
      case 'get':
        effects.reply(message.reply, succeeded(state.value));
        return;
      case 'slow':
        effects.start(
          () => Promise.resolve(41),
          (outcome) => ({ type: 'slept', outcome, reply: message.reply }),
        );
        return;
      case 'slept':
        effects.reply(message.reply, message.outcome);
        return;
      case 'throw':
        throw new DbError({ code: 'internal', message: 'broken on purpose' });
      case 'hold':
        state.held.push(message.reply);
        return;
    }
  },
  stop(state, effects) {
    for (const reply of state.held) effects.reply(reply, succeeded('stopped'));
  },
};

const address: Address<CounterMessage> = { id: 'counter' };

function manualClock(): { readonly clock: Clock; readonly run: () => Promise<void> } {
  const queue: (() => void)[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    timer: () => () => undefined,
    defer: (callback) => void queue.push(callback),
  };
  const run = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      next();
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  };
  return { clock, run };
}

function host(clock: Clock, crashes: string[] = []): InlineHost {
  const factories: ActorFactories = { counter: () => behaviour(counter, { value: 0, held: [] }) };
  const made = new InlineHost({
    id: 0,
    clock,
    factories: () => factories,
    uplink: null,
    isLocal: () => true,
    publish: () => undefined,
    onCrash: (who, error) => crashes.push(`${who}: ${error.message}`),
  });
  made.spawn({ address: 'counter', kind: 'counter', init: null });
  return made;
}

test('messages are handled in order and answers come back', async () => {
  const { clock, run } = manualClock();
  const system = host(clock);
  system.send(address, { type: 'add', by: 2 });
  const early = system.ask(address, { type: 'get' });
  system.send(address, { type: 'add', by: 3 });
  const late = system.ask(address, { type: 'get' });
  const slow = system.ask(address, { type: 'slow' });
  await run();
  expect(await Promise.all([early, late, slow])).toEqual([2, 5, 41]);
});

test('a handler that throws fails its request and every later one', async () => {
  const { clock, run } = manualClock();
  const crashes: string[] = [];
  const system = host(clock, crashes);
  const broken = system.ask(address, { type: 'throw' });
  const after = system.ask(address, { type: 'get' });
  const settled = Promise.allSettled([broken, after]);
  await run();
  const [first, second] = await settled;
  expect(first).toMatchObject({ status: 'rejected', reason: { message: 'broken on purpose' } });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'shard-failed' } });
  expect(crashes).toEqual(['counter: broken on purpose']);
});

test('closing answers what is held, and unknown addresses are refused', async () => {
  const { clock, run } = manualClock();
  const system = host(clock);
  const held = system.ask(address, { type: 'hold' });
  const unknown: Address<CounterMessage> = { id: 'nobody' };
  const nobody = system.ask(unknown, { type: 'get' });
  const settled = Promise.allSettled([held, nobody]);
  await run();
  await system.close();
  const [first, second] = await settled;
  expect(first).toEqual({ status: 'fulfilled', value: 'stopped' });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
});
