/**
 * Words from shells and other tools, with the words that mean the same here. Without this table a word that looks like
 * one of ours would be read as ours: `http` as `stop`.
 */
export interface Meaning {
  /** The key that is meant, where there is just one. */
  readonly key?: string;
  readonly hint?: string;
}

const LOOK_BY_COMMAND =
  'there is no verb for it: let a command look, for example run: {argv: [curl, -fsS, -m, "5", "http://127.0.0.1/"], effect: read}';
const SERVICES = 'to look: service: {name: NAME}; to change, in act: start, stop or restart: {service: {name: NAME}}';
const ACT_BY_COMMAND =
  'there is no verb for it: run: {argv: [PROGRAM, ARGUMENT], effect: write} runs a command, in act';

/** Each: the words, the keys beside which they mean it, what is meant. */
const MEANINGS: readonly (readonly [words: string, beside: string, meaning: Meaning])[] = [
  // verbs that look
  [
    'http https curl wget url get request api endpoint port tcp socket ping dns dig nslookup tls ssl certificate check_http nc ss netstat lsof',
    'run',
    { hint: LOOK_BY_COMMAND },
  ],
  ['ps pgrep pidof process proc top pstree', 'processes', { key: 'processes' }],
  ['df du space filesystem mount inodes statvfs diskspace', 'disk', { key: 'disk' }],
  ['ls find stat dir folder directory glob file_count', 'files', { key: 'files' }],
  [
    'grep egrep cat tail head log logs journal journalctl content contains line',
    'text',
    {
      key: 'text',
      hint: 'text: {file: /path, contains: WORDS} reads lines of a file; for a journal let a command look: run: {argv: [...], effect: read}',
    },
  ],
  ['systemctl systemd unit daemon service_state svc initctl rc', 'service', { hint: SERVICES }],
  ['cron crontab_l cronjobs jobs', 'cron_jobs', { key: 'cron_jobs' }],
  [
    'assert check test verify_that validate',
    'run',
    {
      hint: 'a verb looks, and `expect` beside it says what must hold: service: {name: NAME} with expect: {state: {is: running}}',
    },
  ],
  // verbs that change
  [
    'shell command cmd exec script bash sh execute raw powershell',
    'run',
    {
      key: 'run',
      hint: 'run: {argv: [PROGRAM, ARGUMENT], effect: read}, or effect: write in act; run: {shell: "...", effect: ...} for a pipe',
    },
  ],
  [
    'rm unlink remove delete_files purge clean cleanup tmpwatch truncate rotate logrotate',
    'delete',
    { key: 'delete', hint: 'a step of `files` chooses them, then delete: {targets: $THAT_STEP}' },
  ],
  [
    'pkill killall terminate kill_process',
    'kill',
    { key: 'kill', hint: 'a step of `processes` chooses them, then kill: {targets: $THAT_STEP}' },
  ],
  ['sed lineinfile replace_in_file patch template copy write append blockinfile', 'edit', { key: 'edit' }],
  [
    'reload signal hup reload_service',
    'run',
    {
      hint: "there is no verb for it: run: {argv: [systemctl, reload, NAME], effect: write}, the daemon's own command",
    },
  ],
  ['sleep pause delay wait_for', 'wait', { key: 'wait' }],
  ['ask_human prompt approve approval human', 'manual', { key: 'manual' }],
  [
    'mv cp chmod chown mkdir ln sysctl renice mount_fs umount reboot shutdown apt yum dnf package docker kubectl',
    'run',
    { hint: ACT_BY_COMMAND },
  ],
  ['include import use call role playbook workflow subrunbook', 'runbook', { key: 'runbook' }],
  ['monitor observe hold_for watch_for', 'watch', { key: 'watch' }],
  // keys of a step
  ['name step title label key', 'id', { key: 'id' }],
  [
    'if condition only_if unless',
    'when',
    { key: 'when', hint: 'when: {STEP: {MEASURE: {is: ...}}}, of an earlier step' },
  ],
  ['on_error on_failure onfail ignore_errors continue_on_error rescue', 'on_fail', { key: 'on_fail' }],
  ['retries attempts repeat loop', 'retry', { key: 'retry', hint: 'retry: {times: 3, every: 5s}' }],
  ['because reason comment description desc note doc', 'why', { key: 'why' }],
  ['expected should must assertion assertions matcher register output', 'expect', { key: 'expect' }],
  ['confirm confirmation interactive', 'ask', { key: 'ask' }],
  ['rollback revert on_rollback', 'undo', { key: 'undo' }],
  ['deadline max_time', 'timeout', { key: 'timeout' }],
  [
    'become sudo user run_as elevate',
    'timeout',
    { hint: 'a runbook runs as whoever starts it: start firebreak as root, or with --become on hosts over ssh' },
  ],
  // keys of the file
  ['steps tasks actions remedy remediate fix do mitigation', 'act', { key: 'act' }],
  ['checks probes detect detection symptoms conditions diagnosis', 'diagnose', { key: 'diagnose' }],
  ['validation post_checks confirm_fixed success', 'verify', { key: 'verify' }],
  ['vars variables inputs parameters args arguments', 'params', { key: 'params' }],
  ['description summary doc docs', 'about', { key: 'about' }],
  ['id name', 'runbook', { key: 'runbook' }],
  ['todo followup follow_up', 'open', { key: 'open' }],
  // comparators
  ['>= gte ge min minimum atleast more_than_or_equal', 'at_least', { key: 'at_least' }],
  ['<= lte le max maximum atmost', 'at_most', { key: 'at_most' }],
  ['> gt greater_than more_than above over', 'at_least', { hint: 'at_least: N, for N or more' }],
  ['< lt less_than below under', 'at_most', { hint: 'at_most: N, for N or less' }],
  ['= == === eq equal equals', 'is', { key: 'is' }],
  ['!= <> ne neq not not_equal isnt', 'is_not', { key: 'is_not' }],
  ['~ =~ regex regexp like contains match', 'matches', { key: 'matches' }],
  ['in any any_of one oneof', 'one_of', { key: 'one_of' }],
  ['range', 'between', { key: 'between' }],
];

/** Of the objects inside of a step, of a policy and of an inventory: the key there, and what others call it. */
const INNER: readonly (readonly [words: string, key: string, hint?: string])[] = [
  ['path dir directory folder location', 'in'],
  ['mtime age modified min_age older', 'older_than'],
  ['cmd cmdline command_line pattern regex', 'args', "args: {matches: '...'}, sought in the whole command line"],
  ['glob pattern filename regex', 'name', "name: {matches: '\\.log$'}, a pattern"],
  ['name path pid pids files processes of step', 'targets', 'a step finds them: targets: $THAT_STEP'],
  ['delay interval wait pause sleep backoff', 'every'],
  ['count attempts max retries tries', 'times'],
  ['choices values options allowed one_of', 'enum'],
  ['required mandatory optional', 'default', 'a parameter without `default` is required'],
  ['text message note todo do task', 'say'],
  ['uid owner username run_by', 'user'],
  ['ppid parent parents child_of', 'started_by'],
  ['mount device mountpoint filesystem fs', 'path'],
  ['duration length period timeout', 'for'],
  ['cmd command args arguments program', 'argv'],
  ['input', 'stdin'],
  ['environment vars variables', 'env'],
  ['unit daemon service', 'name'],
  ['name unit daemon', 'service', 'service: {name: NAME}'],
  ['policy firebreak version apiversion firebreak_version', 'firebreak_policy', 'firebreak_policy: 1'],
  ['rules rule permit grants policies', 'allow'],
  ['users principals by', 'who'],
  ['when time window hours schedule', 'during'],
  ['tz timezone time_zone', 'zone'],
  ['parallel serial forks concurrency', 'at_once'],
  ['free available avail', 'space_free'],
  ['used usage use full', 'space_used'],
  ['total', 'bytes'],
  ['number total amount matches exists', 'count'],
  ['code rc status exit_code exitcode returncode', 'exit'],
  ['output out result', 'stdout'],
  ['running active up', 'state', 'state: {is: running}'],
];

/** What a word that is no key here means among these keys; undefined: nobody can tell. */
export function meaningOf(word: string, keys: readonly string[]): Meaning | undefined {
  const typed = word.toLowerCase().replaceAll('-', '_');
  const known = MEANINGS.find(([words, beside]) => keys.includes(beside) && words.split(' ').includes(typed))?.[2];
  if (known) return known;
  const inner = INNER.find(([words, key]) => keys.includes(key) && words.split(' ').includes(typed));
  return inner && { key: inner[1], ...(inner[2] !== undefined && { hint: inner[2] }) };
}

/** Every word of the table with what it stands beside: for a test that walks all of it. */
export function allMeanings(): readonly {
  readonly word: string;
  readonly beside: string;
  readonly meaning: Meaning;
}[] {
  return MEANINGS.flatMap(([words, beside, meaning]) => words.split(' ').map((word) => ({ word, beside, meaning })));
}

/** Words of other tools for a word that a key takes: of `int` it is `integer`, where that is one of them. */
const WORDS: readonly (readonly [words: string, meant: string])[] = [
  ['f regular regular_file reg', 'file'],
  ['d folder', 'directory'],
  ['l link', 'symlink'],
  ['int num number', 'integer'],
  ['str text', 'string'],
  ['bool flag', 'boolean'],
  ['array', 'list'],
  ['file dir directory folder filename', 'path'],
  ['password token credential key', 'secret'],
  ['time seconds interval timeout', 'duration'],
  ['bytes', 'size'],
  ['ignore skip proceed next true resume', 'continue'],
  ['rollback revert', 'undo'],
  ['abort fail exit halt break quit error', 'stop'],
  ['prompt manual human', 'ask'],
  ['z zombie defunct', 'Z'],
  ['r run running', 'R'],
  ['s sleeping', 'S'],
  ['t stopped', 'T'],
  ['d uninterruptible blocked', 'D'],
  ['readonly ro none query', 'read'],
  ['rw readwrite change', 'write'],
  ['true yes on', 'allow'],
  ['false no off none', 'deny'],
  ['true yes on', 'safe'],
  ['false no off never', 'none'],
];

export const wordMeant = (word: string, words: readonly string[]): string | undefined =>
  WORDS.find(([tried, meant]) => words.includes(meant) && tried.split(' ').includes(word.toLowerCase()))?.[1];
