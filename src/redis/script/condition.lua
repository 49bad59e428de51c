-- A condition's waiters wait in its own queue until notified, then in its lock's, under the same number.
local function lockOf(c) return 'l:' .. c:sub(3) end
-- How many were notified: the first that live, `count` at most.
local function notify(c, count)
  local moved, l = 0, lockOf(c)
  while moved < count do
    local w = call('ZPOPMIN', p .. 'q:' .. c)
    if #w == 0 then break end
    local t, m = sessionOf(w[1]), numberOf(w[1])
    if alive(t) then
      local since = has(t, c, m):sub(3)
      drop(t, c, m)
      enqueue(t, l, m, 'n ' .. since)
      send(t, 'n ' .. m)
      moved = moved + 1
    end
  end
  if moved > 0 then
    grantNext(l)
    changed(l)
    changed(c)
  end
  return moved
end
local function holds(t, l)
  for _, id in ipairs(call('HKEYS', p .. 'h:' .. l)) do
    if sessionOf(id) == t then return true end
  end
  return false
end

-- session, number, thing, number of the hold that is let go, or '': was let go before
-- -> 1 token died run: has the lock again | 0 waits to be notified | 2 was notified, waits for the lock | -1 no session | -5 has it not
if op == 'wait' then
  if not alive(s) then return { '-1' } end
  if has(s, k, n) then return { '0' } end
  local l = lockOf(k)
  local v = has(s, l, n)
  if v then return v:sub(1, 1) == 'h' and granted(l, v) or { '2' } end
  if ARGV[5] ~= '' and call('HEXISTS', p .. 'h:' .. l, s .. '/' .. ARGV[5]) == 0 then return { '-5' } end
  enqueue(s, k, n, 'w ' .. int(clock()))
  if ARGV[5] ~= '' then release(s, l, ARGV[5]) end
  changed(k)
  return { '0' }
end

-- session, number, thing, how many at most -> 1 how many | -1 no session | -5 has not the lock
if op == 'notify' then
  if not alive(s) then return { '-1' } end
  local v = has(s, k, n)
  if not v then
    if not holds(s, lockOf(k)) then return { '-5' } end
    v = 'd ' .. int(notify(k, tonumber(ARGV[5])))
    keep(s, k, n, v)
  end
  return { '1', v:sub(3) }
end
