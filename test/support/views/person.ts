import assert from 'node:assert/strict';
import type { Choosing, Prompts, Typing } from '../../../src/views/ask.ts';
import { paperOf } from '../../../src/views/draw/style.ts';

export const DEFAULT = Symbol('Enter');
type Reply = string | typeof DEFAULT | null;

/**
 * A person who gives these replies, one a question; a reply that a question refuses is noted, and the next is given.
 * Null: Ctrl-C.
 */
export function personAt(columns: number, replies: readonly Reply[]) {
  const left = [...replies];
  const screen: string[] = [];
  const asked: (Choosing<string> | Typing)[] = [];
  const next = (): Reply => {
    const reply = left.shift();
    assert.notEqual(reply, undefined, 'asked once more than there are replies');
    return reply ?? null;
  };
  const prompts: Prompts = {
    paper: () => paperOf({ columns }),
    print: async (lines) => void screen.push(...lines),
    choose: async <T extends string>(question: Choosing<T>) => {
      asked.push(question);
      const reply = next();
      if (reply === DEFAULT) return question.default;
      assert.ok(
        reply === null || question.choices.some(({ value }) => value === reply),
        `no such choice: ${String(reply)}`,
      );
      return reply as T | null;
    },
    type: async (question) => {
      asked.push(question);
      for (;;) {
        const reply = next();
        const typed = reply === DEFAULT ? '' : reply;
        const wrong = typed === null ? undefined : question.check?.(typed);
        if (wrong === undefined) return typed;
        screen.push(`> ${wrong}`);
      }
    },
  };
  return { prompts, screen, asked, left };
}
