import { FIREBREAK, NODE, type Table, timed } from './_measure.ts';

/** What a command costs before it does anything; `plan` here also looks at this machine, which has no incident. */
export default async function startUp(): Promise<Table> {
  const bare = 'bare node';
  return {
    title: 'Start-up',
    rows: [
      { what: bare, milliseconds: timed([...NODE, '-e', '0']) },
      { what: 'firebreak --version', milliseconds: timed([FIREBREAK, '--version']), against: bare },
      { what: 'firebreak list', milliseconds: timed([FIREBREAK, 'list']), against: bare },
      {
        what: 'firebreak plan cron-mail-storm',
        milliseconds: timed([FIREBREAK, 'plan', 'cron-mail-storm']),
        against: bare,
        aim: '< 5 x',
      },
    ],
  };
}
