// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What a server costs, as the kernel counts it: processor time and memory of its whole process
// group, from /proc. Memory is PSS, so pages that processes share are counted once.

import { readFile, readdir } from 'node:fs/promises';

const ticksPerSecond = 100; // USER_HZ is 100 on every Linux that Node runs on

/** User and system time of a process group so far, exited threads included. */
export async function cpuMs(group: number): Promise<number> {
  let ticks = 0;
  for (const fields of await members(group)) ticks += Number(fields[13]) + Number(fields[14]);
  return (ticks * 1000) / ticksPerSecond;
}

/** Proportional memory of a process group. */
export async function pssBytes(group: number): Promise<number> {
  let kibibytes = 0;
  for (const [pid] of await members(group)) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    kibibytes += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
  }
  return kibibytes * 1024;
}

/** The stat fields of each process of the group, field 0 being its pid. */
async function members(group: number): Promise<string[][]> {
  const found: string[][] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''); // it may have ended
    const end = text.lastIndexOf(')');
    const fields = [name, '', ...text.slice(end + 2).split(' ')];
    if (Number(fields[4]) === group) found.push(fields);
  }
  return found;
}
