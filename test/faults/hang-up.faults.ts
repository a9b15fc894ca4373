import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault, inLanes } from '../support/lab/faults.ts';
import { inScene, type Scene, stateFolder } from '../support/lab/scene.ts';

/**
 * An interactive run in tmux, in the drill's scene. The terminal is killed, or frozen, or a key is pressed, at each
 * step in turn; then cron must run or be under a lease, each crontab must be the old one or the new one, and `resume`
 * must end in held.
 */
const WORDS = `
export TMUX_TMPDIR=$OUT TERM=screen
t() { tmux -f /dev/null "$@"; }
screen() { t capture-pane -p -S -400 2>/dev/null; }
# Waits until the screen shows it, 20 s.
shows() { tries=0; until screen | grep -q -- "$1"; do tries=$((tries + 1)); [ $tries -lt 200 ] || { echo "never shown: $1"; screen; return 1; }; sleep 0.1; done; }
begin() {
  t new-session -d -x 110 -y 50 "$fb run cron-mail-storm $* --param watch=2s 2>&1; echo EXIT=\\$? >$OUT/exit; sleep 60"
}
STEPS='stop-cron kill-mailers free-a-little silence-jobs empty-maildrop start-cron'
# Answers the question of a step with run, and types the count where it is asked for.
answer() {
  shows "$1: what now" || return
  t send-keys run Enter
  case $1 in
    kill-mailers | free-a-little | empty-maildrop)
      shows "^? .*Type the count" || return
      count=$(screen | sed -n 's/^? .*Type the count, \\([0-9 ]*[0-9]\\), to run it.*/\\1/p' | tail -n 1)
      t send-keys -l "$count"; t send-keys Enter ;;
  esac
}
upto() { for step in $STEPS; do [ "$step" = "$1" ] && break; answer "$step" || return; done; }
engine() { for comm in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$comm" 2>/dev/null | grep -q 'cli[.][jt]s run ' && { pid=\${comm#/proc/}; echo "\${pid%/cmdline}"; return; }; done; }
# Until the engine has ended, 25 s.
over() { tries=0; while kill -0 "$1" 2>/dev/null; do tries=$((tries + 1)); [ $tries -lt 250 ] || { echo "say hung=1"; return; }; sleep 0.1; done; }
lease() { grep -c lease.armed "$FIREBREAK_STATE"/runs/*/journal.ndjson; }
`;

const THEN_RESUME = `
world cut
"$scene/bin/crontab" -T "$table" && echo "say crontab=whole"
act resume >"$OUT/said" 2>&1; echo "say resume=$?"
world end`;

const STEPS = ['stop-cron', 'kill-mailers', 'free-a-little', 'silence-jobs', 'empty-maildrop', 'start-cron'] as const;
const NEEDS = ['namespaces', 'tmux'] as const;

const WHEN = STEPS.flatMap((step) => [
  { name: `at the question of ${step}`, script: `upto ${step}; shows "${step}: what now"` },
  { name: `during ${step}`, script: `upto ${step}; answer ${step}` },
]).concat({ name: 'while it watches', script: 'upto none; shows calm' });

for (const [fault_, cut] of [
  ['the terminal of an interactive run is killed at each step in turn', 't kill-session'],
  [
    'the tmux server is killed -9 under an interactive run at each step in turn',
    'kill -9 $(t display-message -p "#{pid}")',
  ],
] as const)
  fault(fault_, { needs: NEEDS, within: 300_000 }, async (tally, context) => {
    const root = stateFolder(context);
    await inLanes(WHEN, 4, async ({ name, script }) => {
      const state = join(root, name.replaceAll(' ', '-'));
      mkdirSync(state);
      const scene = await inScene(
        `${WORDS} begin "$@"; ${script}; pid=$(engine); ${cut}; over "$pid"; ${THEN_RESUME}`,
        {
          state,
          within: 120_000,
        },
      );
      tally.runs += 1;
      if (scene.hung || scene.said.hung === '1') return void tally.hung.push(`${name}\n${scene.stdout}`);
      tally.lost.push(...lostBy(scene, state).map((what) => `${name}: ${what}\n${scene.stdout}\n${scene.stderr}`));
    });
    tally.note = 'cron ran again each time, each crontab was whole, resume ended in held';
  });

function lostBy(scene: Scene, state: string): readonly string[] {
  const { cut, end } = scene.worlds;
  const { resume } = scene.said;
  // 66: nothing to resume, because the watch went on without a terminal and held.
  const finished = resume === '66' && cut?.silenced === 2 && cut.files === 0;
  const healed = JSON.stringify(end) === JSON.stringify({ cron: 1, mailers: 0, files: 0, silenced: 2, decoy: 0 });
  return [
    ...(cut?.cron === 1 ? [] : ['cron did not run after the hang-up']),
    ...(scene.said.crontab === 'whole' ? [] : ['the crontab is not whole']),
    ...(resume === '0' || finished
      ? []
      : [`resume ended with ${resume}: ${readFileSync(join(state, 'said'), 'utf8')}`]),
    ...(healed ? [] : [`ended as ${JSON.stringify(end)}`]),
  ];
}

// ---------------------------------------------------------------- keys

interface Key {
  readonly name: string;
  readonly script: string;
  readonly fits: (scene: Scene) => boolean;
}

const exit = (scene: Scene): string => scene.said.exit ?? 'none';

const KEYS: readonly Key[] = [
  {
    name: 'Ctrl-C once at a question: asks, and continue goes on with that very step',
    script:
      'upto kill-mailers; shows "kill-mailers: what now"; t send-keys C-c; shows "How shall it go on"; t send-keys continue Enter; sleep 0.3; upto2 kill-mailers; told',
    fits: (scene) => exit(scene) === '0' && scene.worlds.end?.mailers === 0,
  },
  {
    name: 'Ctrl-C twice: undone at once, cron runs',
    script:
      'upto kill-mailers; shows "kill-mailers: what now"; t send-keys C-c; shows "How shall it go on"; sleep 0.3; t send-keys C-c; told',
    fits: (scene) => exit(scene) === '130' && scene.worlds.end?.cron === 1 && (scene.worlds.end.files ?? 0) > 1000,
  },
  {
    name: 'Ctrl-C while it watches: continue watches anew, and it holds',
    script:
      'upto none; shows "watch\\|calm"; sleep 0.3; t send-keys C-c; shows "How shall it go on"; t send-keys continue Enter; told',
    fits: (scene) => exit(scene) === '0',
  },
  {
    name: 'Ctrl-Z does not stop a run that has stopped something',
    script:
      'upto start-cron; shows "start-cron: what now"; t send-keys C-z; sleep 0.3; kill -TSTP "$(engine)"; sleep 0.3; answer start-cron; told',
    fits: (scene) => exit(scene) === '0',
  },
  {
    name: 'Ctrl-S from the last answer on: the run ends all the same',
    script:
      'upto start-cron; shows "start-cron: what now"; pid=$(engine); t send-keys run Enter; sleep 0.05; t send-keys C-s; over "$pid"; t send-keys C-q; told',
    fits: (scene) => exit(scene) === '0' && scene.said.hung === undefined,
  },
];

const MORE_WORDS = `
upto2() { on=; for step in $STEPS; do [ "$step" = "$1" ] && on=1; [ -z "$on" ] || answer "$step" || return; done; }
told() { tries=0; until [ -e "$OUT/exit" ]; do tries=$((tries + 1)); [ $tries -lt 250 ] || { screen; break; }; sleep 0.1; done; echo "say exit=$(sed 's/EXIT=//' "$OUT/exit")"; world end; }
`;

fault(
  'Ctrl-C once and twice, Ctrl-Z, Ctrl-S in an interactive run',
  { needs: NEEDS, within: 240_000 },
  async (tally, context) => {
    const root = stateFolder(context);
    await inLanes(KEYS, 3, async ({ name, script, fits }) => {
      const state = join(root, String(KEYS.findIndex((key) => key.name === name)));
      mkdirSync(state);
      const scene = await inScene(`${WORDS}${MORE_WORDS} begin "$@"; ${script}; screen | tail -n 40; t kill-server`, {
        state,
        within: 120_000,
      });
      tally.runs += 1;
      if (scene.hung || scene.said.hung === '1') return void tally.hung.push(`${name}\n${scene.stdout}`);
      if (!fits(scene)) tally.wrong.push(`${name}\n${scene.stdout}\n${scene.stderr}`);
    });
    tally.note = KEYS.map(({ name }) => name.split(':')[0]).join('; ');
  },
);
