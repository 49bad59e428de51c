-- The engine's half of `rxjs-threading/redis`: one script, joined of the files of this folder by script.ts, in its order.
-- KEYS[1] is the namespace's prefix, in one hash slot; ARGV[1] the operation, ARGV[2] the session, ARGV[3] the number that
-- the session gave the wait, hold or question, ARGV[4] the thing. Answers are flat lists of strings.
--
-- Every operation may arrive twice and then answers the same: a client repeats it after a lost reply, and a wait repeats
-- its own from time to time. So what a wait has come to is kept in `o:` until its session has said `release` or `leave`.
--
-- A thing is a kind and a name: l: lock, s: semaphore, e: event, b: barrier, c: condition of the lock of that name;
-- m: stands for the members. An id is `session/number`.
--
-- ses   ZSET  session -> ms of the engine's clock at which its lease ends
-- s:<session>  HASH  i: what it says of itself, JSON; j: ms when it joined
-- o:<session>  HASH  `thing number` -> what the wait or hold has come to:
--   w <ms>, W <ms>      waits since then; W: of a barrier, and has an action to run
--   n <ms>              was notified, and waits for the condition's lock
--   h <token> <died>    has it; died: of an owner before who died with it, `token JSON`
--   e <generation>      the event was set
--   a <index>, p <index>, x    of a barrier: runs the action; has passed; was refused
--   d, d <count or generation>  has changed the thing: a repeat of that must not undo what others have done since
--   number `*`: the session watches the thing
-- h:<thing>  HASH  id -> token: who has it
-- q:<thing>  ZSET  id -> turn: who waits, in order
-- r:<thing>  ZSET  id -> turn: a barrier's round whose action runs
-- meta  HASH  protocol; seq: the last token; turn: the last place in a queue; run: the engine's incarnation; grace: ms until
--   which nobody new gets anything; lease: the longest that anybody has, in ms, and ms until which that is so; d:<thing> permits or parties; x:<thing> owner that died; g:<thing> generation of an event,
--   odd while set; b:<thing> broken; w:<thing> sessions that watch
-- late  SET  things to be granted when the grace is over
-- old   ZSET  events that are clear -> ms at which their generation may be forgotten
--
-- A session is told on the channel c:<session>, a hint that may be lost: `g <number> <token> <run> <died>` granted,
-- `e <number> <generation>` set, `a <number> <index>` run the action, `p <number> <index>` passed, `x <number>` refused,
-- `n <number>` notified, and `w <thing>`, the engine's µs and the lines of `state`, each a line, to who watches it.
local PROTOCOL = '1'
-- Longer than the longest lease, so that a waiter has asked again before.
local REMEMBER_CLEAR = 1200000
local p, op = KEYS[1], ARGV[1]
local ses = p .. 'ses'
meta = p .. 'meta'

local function sessionOf(id) return id:match('^[^/]+') end
local function numberOf(id) return id:match('/(.*)$') end
local function has(s, k, n) return call('HGET', p .. 'o:' .. s, k .. ' ' .. n) end
-- The session that is being ended: nothing more is kept for it.
local gone
local function keep(s, k, n, v)
  if s ~= gone then call('HSET', p .. 'o:' .. s, k .. ' ' .. n, v) end
end
local function drop(s, k, n) call('HDEL', p .. 'o:' .. s, k .. ' ' .. n) end
local function send(s, m) call('PUBLISH', p .. 'c:' .. s, m) end
local function alive(s)
  local ends = call('ZSCORE', ses, s)
  return ends and tonumber(ends) > clock()
end

-- count -> the first of so many tokens, each one above the other: for what is held nowhere, such as the runs of jobs
if op == 'mint' then
  local token = mint(call('HGET', meta, 'seq'))
  if ARGV[2] ~= '1' then call('HINCRBY', meta, 'seq', ARGV[2] - 1) end
  return { token }
end

local function state(k)
  local kind = k:sub(1, 1)
  if kind == 'e' then return { call('HGET', meta, 'g:' .. k) or '0' } end
  local waits = int(call('ZCARD', p .. 'q:' .. k))
  if kind == 'b' then return { waits, int(call('HEXISTS', meta, 'b:' .. k)) } end
  if kind == 'c' then return { waits } end
  local count = call('HLEN', p .. 'h:' .. k)
  if kind == 's' or count == 0 then return { int(count), waits } end
  local holder = call('HGETALL', p .. 'h:' .. k)
  local s = sessionOf(holder[1])
  return { int(count), waits, holder[2], s, call('HGET', p .. 's:' .. s, 'i') or '' }
end

-- watchers: of a thing that the caller has looked up; nil: to be looked up.
local function changed(k, watchers)
  if watchers == nil then watchers = call('HGET', meta, 'w:' .. k) end
  if not watchers then return end
  clock()
  local lines = k == 'm:' and '' or '\n' .. table.concat(state(k), '\n')
  for s in watchers:gmatch('%S+') do send(s, 'w ' .. k .. '\n' .. int(us) .. lines) end
end
local function watch(s, k, on)
  local watchers, others = call('HGET', meta, 'w:' .. k) or '', {}
  for w in watchers:gmatch('%S+') do if w ~= s then others[#others + 1] = w end end
  if on then others[#others + 1] = s end
  if #others > 0 then call('HSET', meta, 'w:' .. k, table.concat(others, ' ')) else call('HDEL', meta, 'w:' .. k) end
end
