-- An engine that has not heard of the last hand-over keeps an owner of before: the later token is the owner's.
local function putOut(k, token)
  local holder = call('HGETALL', p .. 'h:' .. k)
  if not holder[1] or tonumber(holder[2]) >= tonumber(token) then return end
  call('HDEL', p .. 'h:' .. k, holder[1])
  drop(sessionOf(holder[1]), k, numberOf(holder[1]))
end
-- Nor of what its owner waited for until then, under the same number: it waits no more.
local function waitNoMore(s, k, n)
  call('ZREM', p .. 'q:' .. k, s .. '/' .. n)
  if k:sub(1, 1) ~= 'l' then return end
  local c = 'c:' .. k:sub(3)
  if (has(s, c, n) or ''):sub(1, 1) ~= 'w' then return end
  call('ZREM', p .. 'q:' .. c, s .. '/' .. n)
  drop(s, c, n)
  changed(c)
end

-- A session joins by `hello` and stays by `renew`; both bring back what it holds where the engine has forgotten that.
-- session, lease in ms, incarnation of the engine now, that of the last time or '', ms that the engine is still to settle,
-- ms of grace, what it says of itself or '': as before, then of each hold thing, number, token, permits
-- -> 1, ms until a sweep is of use, entries that the session has, longest lease, how many of the holds were lost, their
-- numbers, then of each of the others number and thing | 0 it is over | -4 protocol: another is spoken here
if op == 'hello' or op == 'renew' then
  local lease, run, was, settle, grace, info = tonumber(ARGV[3]), ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
  local m = call('HMGET', meta, 'run', 'protocol', 'grace', 'lease')
  if m[2] and m[2] ~= PROTOCOL then return { '-4', m[2] } end
  -- A first write that takes no room, because the engine lets a script that has written go on, also while it is full.
  call('PERSIST', meta)
  local known = m[1]
  local longest, till = (m[4] or '0 0'):match('^(%S+) (%S+)$')
  longest, till = tonumber(longest), tonumber(till)
  if grace > 0 then grace = math.max(grace, longest) end
  if known ~= run then
    if known or (was ~= '' and was ~= run) then settle = grace end
    if settle > 0 and grace > 0 then call('HSET', meta, 'grace', int(clock() + settle)) end
    call('HSET', meta, 'run', run, 'protocol', PROTOCOL)
    longest = math.max(longest, grace)
    till = clock() + longest
  elseif was ~= '' and was ~= run and m[3] and clock() < tonumber(m[3]) then
    -- A stranger was first, and an owner of before comes while the engine settles.
    call('HSET', meta, 'grace', int(math.max(tonumber(m[3]), clock() + grace)))
  end
  if lease >= longest or clock() >= till then longest, till = lease, clock() + lease end
  call('HSET', meta, 'lease', int(longest) .. ' ' .. int(till))
  sweep()
  local owed = inGrace(call('HGET', meta, 'grace'))
  -- Its waits may have been passed over by now, also where the sweep has not come to it.
  if not alive(s) then
    expire(s, true)
    if op == 'renew' and not owed then return { '0' } end
  end
  call('ZADD', ses, int(clock() + lease), s)
  call('HSETNX', p .. 's:' .. s, 'j', int(clock()))
  if info ~= '' then call('HSET', p .. 's:' .. s, 'i', info) end
  local lost, back = {}, {}
  for i = 9, #ARGV, 4 do
    local thing, m, token, permits = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
    local h, id = p .. 'h:' .. thing, s .. '/' .. m
    local found = call('HGET', h, id)
    if not found and owed and thing:sub(1, 1) == 'l' then putOut(thing, token) end
    if not found and owed and call('HLEN', h) < tonumber(permits) then
      waitNoMore(s, thing, m)
      call('HSET', h, id, token)
      keep(s, thing, m, 'h ' .. token .. ' ')
      if thing:sub(1, 1) == 's' then call('HSETNX', meta, 'd:' .. thing, permits) end
      if tonumber(token) > tonumber(call('HGET', meta, 'seq') or '0') then call('HSET', meta, 'seq', token) end
      if (call('HGET', meta, 'x:' .. thing) or ''):match('^%S*') == token then call('HDEL', meta, 'x:' .. thing) end
      changed(thing)
      found = token
    end
    if found == token then
      back[#back + 1] = m
      back[#back + 1] = thing
    else lost[#lost + 1] = m end
  end
  if info ~= '' then changed('m:') end
  local answer = { '1', nextLook(s), int(call('HLEN', p .. 'o:' .. s)), int(longest), int(#lost) }
  for _, m in ipairs(lost) do answer[#answer + 1] = m end
  for _, m in ipairs(back) do answer[#answer + 1] = m end
  return answer
end

-- session -> `thing number`, what it has come to, of each entry
if op == 'owned' then return call('HGETALL', p .. 'o:' .. s) end

if op == 'unwatch' then
  drop(s, k, '*')
  watch(s, k, false)
  return { '1' }
end

-- -, -, thing -> holders, waiting, and of a lock that is held token, session, info | generation | waiting, broken | waiting
if op == 'state' then return state(k) end
