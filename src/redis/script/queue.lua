-- Who waits for a lock or a permit: first come, first served; a waiter whose session is over is passed over.
-- Invariant: outside the grace nothing is free while somebody waits whose session lives.
local grantNext

-- Whether nobody new gets anything, because owners are to come back first. Whoever finds it over ends it for all.
local function inGrace(grace)
  if not grace then return false end
  if clock() < tonumber(grace) then return true end
  call('HDEL', meta, 'grace')
  local late = call('SMEMBERS', p .. 'late')
  call('DEL', p .. 'late')
  table.sort(late)
  for _, k in ipairs(late) do grantNext(k) end
  return false
end

-- v: what its session keeps of the wait
local function enqueue(s, k, n, v)
  call('ZADD', p .. 'q:' .. k, int(call('HINCRBY', meta, 'turn', 1)), s .. '/' .. n)
  keep(s, k, n, v)
end

-- A semaphore's permits are declared by the first that asks, and forgotten when nobody has or wants any.
local function undeclare(k)
  if k:sub(1, 1) == 's' and call('EXISTS', p .. 'h:' .. k, p .. 'q:' .. k) == 0 then call('HDEL', meta, 'd:' .. k) end
end

function grantNext(k)
  local h, q = p .. 'h:' .. k, p .. 'q:' .. k
  if call('EXISTS', q) == 0 then return end
  local m = call('HMGET', meta, 'seq', 'grace', 'd:' .. k, 'x:' .. k, 'run')
  if m[2] and clock() < tonumber(m[2]) then call('SADD', p .. 'late', k) return end
  local seq, died = m[1], m[4]
  local room = tonumber(m[3] or '1') - call('HLEN', h)
  while room > 0 do
    local w = call('ZPOPMIN', q)
    if #w == 0 then break end
    local s, n = sessionOf(w[1]), numberOf(w[1])
    if alive(s) then
      seq = mint(seq)
      call('HSET', h, w[1], seq)
      keep(s, k, n, 'h ' .. seq .. ' ' .. (died or ''))
      if died then call('HDEL', meta, 'x:' .. k) end
      send(s, 'g ' .. n .. ' ' .. seq .. ' ' .. (m[5] or '') .. ' ' .. (died or ''))
      died, room = false, room - 1
    end
  end
  -- Those whose session was over are out of the queue.
  undeclare(k)
end
