-- A barrier's round is full when as many wait as there are parties. If its last has an action to run, the round stands in
-- r: meanwhile, and who comes waits for the next one.
-- Invariant: unless an action runs, fewer wait than there are parties; while it is broken, nobody waits.
local function tellAll(key, k, told)
  local ids = call('ZRANGE', key, 0, -1)
  call('DEL', key)
  for i, id in ipairs(ids) do
    local v = told(i, #ids)
    keep(sessionOf(id), k, numberOf(id), v)
    send(sessionOf(id), v:sub(1, 1) .. ' ' .. numberOf(id) .. v:sub(2))
  end
end
local function refuseAll(k)
  for _, key in ipairs({ p .. 'r:' .. k, p .. 'q:' .. k }) do tellAll(key, k, function() return 'x' end) end
  call('HDEL', meta, 'd:' .. k)
end
local function breakBarrier(k)
  call('HSET', meta, 'b:' .. k, 1)
  refuseAll(k)
end
-- The indices end with the last party's, also where some have left while the action ran.
local function pass(k, parties) tellAll(p .. 'r:' .. k, k, function(i, all) return 'p ' .. int(i - 1 + parties - all) end) end
local function meet(k, parties)
  local q, r = p .. 'q:' .. k, p .. 'r:' .. k
  while call('EXISTS', r) == 0 and call('ZCARD', q) >= parties do
    local round = call('ZRANGE', q, 0, parties - 1, 'WITHSCORES')
    local dead = false
    for i = 1, #round, 2 do
      if not alive(sessionOf(round[i])) then
        call('ZREM', q, round[i])
        dead = true
      end
    end
    if not dead then
      local last = round[#round - 1]
      for i = 1, #round, 2 do
        call('ZREM', q, round[i])
        call('ZADD', r, round[i + 1], round[i])
      end
      local t, m = sessionOf(last), numberOf(last)
      if has(t, k, m):sub(1, 1) == 'W' then
        keep(t, k, m, 'a ' .. int(parties - 1))
        send(t, 'a ' .. m .. ' ' .. int(parties - 1))
      else pass(k, parties) end
    end
  end
  if call('EXISTS', q, r) == 0 then call('HDEL', meta, 'd:' .. k) end
end
-- Of a party that does not come after all, or is gone.
local function withdraw(b, id, v)
  call('ZREM', p .. 'q:' .. b, id)
  call('ZREM', p .. 'r:' .. b, id)
  if v:sub(1, 1) == 'a' then breakBarrier(b)
  elseif call('EXISTS', p .. 'q:' .. b, p .. 'r:' .. b) == 0 then call('HDEL', meta, 'd:' .. b) end
  changed(b)
end
local function outcome(v)
  local what = v:sub(1, 1)
  if what == 'p' then return { '1', v:sub(3) } end
  if what == 'a' then return { '2', v:sub(3) } end
  return { what == 'x' and '-3' or '0' }
end

-- session, number, thing, parties, '1': has an action to run
-- -> 1 index | 0 waits | 2 index: is to run the action | -1 no session | -2 parties: declared otherwise | -3 broken
if op == 'arrive' then
  if not alive(s) then return { '-1' } end
  local v = has(s, k, n)
  if v then return outcome(v) end
  local m = call('HMGET', meta, 'b:' .. k, 'd:' .. k)
  if m[1] then return { '-3' } end
  if m[2] and m[2] ~= ARGV[5] then return { '-2', m[2] } end
  call('HSET', meta, 'd:' .. k, ARGV[5])
  enqueue(s, k, n, (ARGV[6] == '1' and 'W ' or 'w ') .. int(clock()))
  meet(k, tonumber(ARGV[5]))
  changed(k)
  return outcome(has(s, k, n))
end

-- session, number, thing, '1': went well -> 1 index | -3 broken
if op == 'acted' then
  local v = has(s, k, n)
  if not v then return { '-3' } end
  if v:sub(1, 1) == 'a' then
    if ARGV[5] == '1' then
      local parties = tonumber(call('HGET', meta, 'd:' .. k))
      pass(k, parties)
      meet(k, parties)
    else breakBarrier(k) end
    changed(k)
  end
  return outcome(has(s, k, n))
end

-- Its time is up, which breaks the barrier for all, unless all have come.
-- session, number, thing -> 1 index | 0 an action runs: wait on | -3 broken
if op == 'withdraw' then
  local v = has(s, k, n)
  if not v then return { '-3' } end
  if v:sub(1, 1):lower() == 'w' and call('EXISTS', p .. 'r:' .. k) == 0 then
    breakBarrier(k)
    changed(k)
  end
  local answer = outcome(has(s, k, n))
  return answer[1] == '2' and { '0' } or answer
end

-- session, number, thing -> 1 | -1 no session
if op == 'abort' or op == 'reset' then
  if not alive(s) then return { '-1' } end
  if has(s, k, n) then return { '1' } end
  keep(s, k, n, 'd')
  if op == 'abort' then breakBarrier(k)
  else
    refuseAll(k)
    call('HDEL', meta, 'b:' .. k)
  end
  changed(k)
  return { '1' }
end
