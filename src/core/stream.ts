// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Streams of batches to several consumers: the only place that knows RxJS. A stream here carries
// events that already stand for many rows; rows never travel one by one. A consumer that throws is
// cut off and reported, so that one broken consumer cannot stop the others or the publisher.
// The one class is imported, not the whole library: that takes a tenth of a second at start.

import { Subject } from 'rxjs/internal/Subject';

export interface EventStream<T> {
  publish(event: T): void;
  /** Calls consumer for each later event; the returned function ends it. */
  consume(name: string, consumer: (event: T) => void): () => void;
  /** No more events; consumers are let go. */
  complete(): void;
}

export function createStream<T>(
  onConsumerError: (name: string, error: unknown) => void,
): EventStream<T> {
  const subject = new Subject<T>();
  return {
    publish: (event) => subject.next(event),
    consume(name, consumer) {
      const subscription = subject.subscribe((event) => {
        try {
          consumer(event);
        } catch (thrown) {
          subscription.unsubscribe();
          onConsumerError(name, thrown);
        }
      });
      return () => subscription.unsubscribe();
    },
    complete: () => subject.complete(),
  };
}
