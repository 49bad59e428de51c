-- A session is over: what it held and waited for is given on, in one step.
-- died: owners that come next to its locks are told
local function expire(t, died)
  if call('ZREM', ses, t) == 0 and call('EXISTS', p .. 's:' .. t, p .. 'o:' .. t) == 0 then return end
  local info = call('HGET', p .. 's:' .. t, 'i') or ''
  local owned = call('HGETALL', p .. 'o:' .. t)
  call('DEL', p .. 'o:' .. t, p .. 's:' .. t)
  gone = t
  for i = 1, #owned, 2 do
    local thing, m = owned[i]:match('^(.*) ([^ ]+)$')
    local v, id = owned[i + 1], t .. '/' .. m
    local what, kind = v:sub(1, 1), thing:sub(1, 1)
    if m == '*' then watch(t, thing, false)
    elseif kind == 'b' then withdraw(thing, id, v)
    elseif what == 'h' then
      call('HDEL', p .. 'h:' .. thing, id)
      if died and kind == 'l' then call('HSET', meta, 'x:' .. thing, v:match('^h (%S+)') .. ' ' .. info) end
      grantNext(thing)
      undeclare(thing)
      changed(thing)
    else
      call('ZREM', p .. 'q:' .. thing, id)
      undeclare(thing)
      changed(thing)
      if what == 'n' then notify('c:' .. thing:sub(3), 1) end
    end
  end
  gone = nil
  changed('m:')
end

-- Ends the sessions whose lease is over, and the grace.
local function sweep()
  for _, t in ipairs(call('ZRANGEBYSCORE', ses, '-inf', int(clock()), 'LIMIT', 0, 8)) do expire(t, true) end
  inGrace(call('HGET', meta, 'grace'))
  for _, e in ipairs(call('ZRANGEBYSCORE', p .. 'old', '-inf', int(clock()), 'LIMIT', 0, 100)) do
    call('HDEL', meta, 'g:' .. e)
    call('ZREM', p .. 'old', e)
  end
end
-- ms until another session than `me` may be over, or the grace is; -1: nothing in sight
local function nextLook(me)
  local at = math.huge
  local first = call('ZRANGE', ses, 0, 1, 'WITHSCORES')
  for i = 1, #first, 2 do
    if first[i] ~= me then at = math.min(at, tonumber(first[i + 1])) end
  end
  local grace = call('HGET', meta, 'grace')
  if grace then at = math.min(at, tonumber(grace)) end
  return at == math.huge and '-1' or int(math.max(0, at - clock()))
end

-- session -> ms until the next sweep is of use; -1: never
if op == 'sweep' then
  sweep()
  return { nextLook(s) }
end

-- session, '1': its process died -> 1
if op == 'bye' then
  expire(s, n == '1')
  return { '1' }
end
