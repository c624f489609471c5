// When silence has lasted too long.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ReplyDeadline } from '../../../src/beanstalk/reply-deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(): { deadline: ReplyDeadline; silences: number[] } {
  const silences: number[] = [];
  return { deadline: new ReplyDeadline((ms) => silences.push(ms)), silences };
}

it('tells of a silence when it has lasted', () => {
  const { deadline, silences } = watched();
  deadline.expect(2_000);
  vi.advanceTimersByTime(1_999);
  expect(silences).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(silences).toEqual([2_000]);
});

it('begins anew with every sign of life', () => {
  const { deadline, silences } = watched();
  deadline.expect(2_000);
  for (let beat = 0; beat < 20; beat++) {
    vi.advanceTimersByTime(1_900);
    deadline.expect(2_000);
  }
  expect(silences).toEqual([]);
  vi.advanceTimersByTime(2_001);
  expect(silences).toEqual([2_000]);
});

it('a part of a reply gives it a little more time, and never more than was allowed', () => {
  const { deadline, silences } = watched();
  deadline.expect(2_000);
  for (let beat = 0; beat < 19; beat++) {
    vi.advanceTimersByTime(100);
    deadline.extend(1);
  }
  vi.advanceTimersByTime(118);
  expect(silences).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(silences).toEqual([2_000]);

  deadline.expect(2_000);
  vi.advanceTimersByTime(500);
  deadline.extend(1_000_000);
  vi.advanceTimersByTime(1_999);
  expect(silences).toHaveLength(1);
  vi.advanceTimersByTime(2);
  expect(silences).toEqual([2_000, 2_000]);
});

it('a part that came while this process stood still gives it no silence without end', () => {
  const { deadline, silences } = watched();
  deadline.expect(2_000);
  vi.advanceTimersToNextTimer();
  deadline.extend(10);
  vi.advanceTimersByTime(12);
  expect(silences).toEqual([2_000]);
});

it('has one timer, whatever happens', () => {
  const { deadline } = watched();
  for (let ms = 5_000; ms > 0; ms -= 100) deadline.expect(ms);
  deadline.expect(Infinity);
  deadline.expect(7_000);
  expect(vi.getTimerCount()).toBe(1);
});

it('expects nothing when nothing is due', () => {
  const { deadline, silences } = watched();
  deadline.expect(2_000);
  deadline.expect(Infinity);
  vi.advanceTimersByTime(100_000);
  expect(silences).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

it('a shorter time counts after a longer one', () => {
  const { deadline, silences } = watched();
  deadline.expect(62_000);
  vi.advanceTimersByTime(1_000);
  deadline.expect(2_000);
  vi.advanceTimersByTime(2_001);
  expect(silences).toEqual([2_000]);
});

it('a wait longer than any timer is waited for', () => {
  const { deadline, silences } = watched();
  deadline.expect(2 ** 31 * 1_000);
  vi.advanceTimersByTime(2 ** 31);
  expect(silences).toEqual([]);
  expect(vi.getTimerCount()).toBe(1);
});

it('bytes that came while this process stood still are read first', () => {
  const { deadline, silences } = watched();
  deadline.expect(2_000);
  vi.advanceTimersToNextTimer();
  deadline.expect(2_000);
  vi.advanceTimersByTime(1_999);
  expect(silences).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(silences).toEqual([2_000]);
});

it('leaves no timer once stopped', () => {
  const { deadline } = watched();
  deadline.expect(2_000);
  deadline.stop();
  expect(vi.getTimerCount()).toBe(0);
});

it('says nothing once stopped', () => {
  const { deadline, silences } = watched();
  deadline.expect(2_000);
  vi.advanceTimersToNextTimer();
  deadline.stop();
  vi.runAllTimers();
  expect(silences).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
