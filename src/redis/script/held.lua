-- What is held: a lock by one, a semaphore by as many as it has permits.
local function granted(k, v)
  local token, died = v:match('^h (%S+) (.*)$')
  return { '1', token, died, call('HGET', meta, 'run') or '' }
end
-- Whether it was held.
local function release(s, k, n)
  if call('HDEL', p .. 'h:' .. k, s .. '/' .. n) == 0 then return false end
  drop(s, k, n)
  grantNext(k)
  undeclare(k)
  changed(k)
  return true
end
local function leaveQueue(s, k, n)
  call('ZREM', p .. 'q:' .. k, s .. '/' .. n)
  drop(s, k, n)
  undeclare(k)
  changed(k)
end

local s, n, k = ARGV[2], ARGV[3], ARGV[4]

-- session, number, thing, permits, '0': do not wait
-- -> 1 token died run | 0 waits, or gave up | -1 no session | -2 permits: declared otherwise
if op == 'acquire' then
  if not alive(s) then return { '-1' } end
  local limit = ARGV[5]
  local m = call('HMGET', meta, 'seq', 'grace', 'd:' .. k, 'x:' .. k, 'w:' .. k, 'run')
  if m[3] and m[3] ~= limit then return { '-2', m[3] } end
  local grace = inGrace(m[2])
  if m[2] and not grace then m[1], m[3], m[4] = unpack(call('HMGET', meta, 'seq', 'd:' .. k, 'x:' .. k)) end
  local count = call('HLEN', p .. 'h:' .. k)
  if count > 0 or grace then
    local v = has(s, k, n)
    if v then return v:sub(1, 1) == 'h' and granted(k, v) or { '0' } end
  end
  local room = count < tonumber(limit) and not grace
  if not room and ARGV[6] == '0' then return { '0' } end
  if not m[3] and k:sub(1, 1) == 's' then call('HSET', meta, 'd:' .. k, limit) end
  if room then
    local token = mint(m[1])
    call('HSET', p .. 'h:' .. k, s .. '/' .. n, token)
    keep(s, k, n, 'h ' .. token .. ' ' .. (m[4] or ''))
    if m[4] then call('HDEL', meta, 'x:' .. k) end
    changed(k, m[5])
    return { '1', token, m[4] or '', m[6] or '' }
  end
  if grace then call('SADD', p .. 'late', k) end
  enqueue(s, k, n, 'w ' .. int(clock()))
  changed(k, m[5])
  return { '0' }
end

-- session, number, thing -> 1 | 0 had it not
if op == 'release' then return { release(s, k, n) and '1' or '0' } end
