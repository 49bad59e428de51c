-- An event's generation is a token, odd while it is set, so it rises also after the engine has lost its memory.
local function nextGeneration(k, odd)
  local generation = tonumber(mint(call('HGET', meta, 'seq')))
  if generation % 2 ~= odd then generation = generation + 1 end
  generation = int(generation)
  call('HSET', meta, 'seq', generation, 'g:' .. k, generation)
  return generation
end

-- session, number, thing -> 1 generation | -1 no session
if op == 'set' or op == 'clear' then
  if not alive(s) then return { '-1' } end
  local done = has(s, k, n)
  if done then return { '1', done:sub(3) } end
  local old = call('HGET', meta, 'g:' .. k)
  local odd = op == 'set' and 1 or 0
  if tonumber(old or '0') % 2 == odd then return { '1', old or '0' } end
  local generation = nextGeneration(k, odd)
  if odd == 1 then
    for _, id in ipairs(call('ZRANGE', p .. 'q:' .. k, 0, -1)) do
      local w = sessionOf(id)
      keep(w, k, numberOf(id), 'e ' .. generation)
      send(w, 'e ' .. numberOf(id) .. ' ' .. generation)
    end
    call('DEL', p .. 'q:' .. k)
    call('ZREM', p .. 'old', k)
  else call('ZADD', p .. 'old', int(clock() + REMEMBER_CLEAR), k) end
  keep(s, k, n, 'd ' .. generation)
  changed(k)
  return { '1', generation }
end

-- session, number, thing, generation that it began at, or '': the one now -> 1 generation: set, or was since | 0 generation: waits | -1 no session
if op == 'await' then
  if not alive(s) then return { '-1' } end
  local v = has(s, k, n)
  if v and v:sub(1, 1) == 'e' then return { '1', v:sub(3) } end
  local generation = call('HGET', meta, 'g:' .. k) or '0'
  if not v then
    if tonumber(generation) % 2 == 1 or (ARGV[5] ~= '' and tonumber(generation) > tonumber(ARGV[5])) then return { '1', generation } end
    enqueue(s, k, n, 'w ' .. int(clock()))
    changed(k)
  end
  return { '0', generation }
end
