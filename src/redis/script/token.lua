-- The engine's clock, and the namespace's tokens. `meta` is its key, as told by what is joined behind this.
local call, meta = redis.call, nil
local us, now
local function clock()
  if not now then
    local t = call('TIME')
    us = t[1] * 1000000 + t[2]
    now = math.floor(us / 1000)
  end
  return now
end
local function int(x) return string.format('%.0f', x) end

-- Above every one before, also after the engine has lost its memory, as long as its clock did not go back.
local function mint(seq)
  clock()
  local token = int(math.max(tonumber(seq or '0') + 1, us))
  call('HSET', meta, 'seq', token)
  return token
end
