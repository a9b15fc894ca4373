import { type Document, withCommand } from '../../model/document.ts';

/** What stays for a person; what is to be typed for it can be copied. */
export const openNodes = (items: readonly string[]): Document =>
  items.length === 0
    ? []
    : [
        {
          kind: 'items',
          todo: true,
          items: items.map((text) => ({ mark: '!', text: withCommand(text), tone: 'yellow' })),
        },
      ];
