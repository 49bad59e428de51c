-- The end of a wait by its own session: it has left, or has read what the wait came to.
-- session, number, thing, '1': for good, '0': its time is up, and what came just in time is kept
-- -> 1 what came: token died run, generation or index | 2 was notified, waits for the lock | 0 nothing is left of it
if op == 'leave' then
  local v, l, good = has(s, k, n), k, ARGV[5] == '1'
  if not v and k:sub(1, 1) == 'c' then
    l = lockOf(k)
    v = has(s, l, n)
  end
  if not v then return { '0' } end
  local what = v:sub(1, 1)
  if not good then
    if what == 'h' then return granted(l, v) end
    if what == 'n' then return { '2' } end
    if what == 'e' then return { '1', v:sub(3) } end
  end
  if what == 'd' then drop(s, k, n)
  elseif what == 'h' then release(s, l, n)
  elseif k:sub(1, 1) == 'b' then
    drop(s, k, n)
    withdraw(k, s .. '/' .. n, v)
  else leaveQueue(s, l, n) end
  -- What was notified passes that on.
  if l ~= k then notify(k, 1) end
  return { '0' }
end
