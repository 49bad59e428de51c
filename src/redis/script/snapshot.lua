-- Of each session that lives: session, ms when its lease ends, ms when it joined, what it says of itself.
local function members()
  local rows = {}
  local all = call('ZRANGEBYSCORE', ses, '(' .. int(clock()), '+inf', 'WITHSCORES')
  for i = 1, #all, 2 do
    local about = call('HMGET', p .. 's:' .. all[i], 'j', 'i')
    for _, column in ipairs({ all[i], all[i + 1], about[1] or '0', about[2] or '' }) do rows[#rows + 1] = column end
  end
  return rows
end
if op == 'members' then return members() end

-- session, -, thing -> the engine's µs, and the state, of `m:` that of `members`: now, and told from now on
if op == 'watch' then
  if not alive(s) then return { '-1' } end
  keep(s, k, '*', '')
  watch(s, k, true)
  local answer = k == 'm:' and members() or state(k)
  table.insert(answer, 1, int(us))
  return answer
end

-- -> ms now, how many members, their rows, then session, `thing number`, what it has come to, of each entry of each
if op == 'snapshot' then
  local rows = members()
  local answer = { int(clock()), int(#rows / 4) }
  for _, column in ipairs(rows) do answer[#answer + 1] = column end
  for i = 1, #rows, 4 do
    local owned = call('HGETALL', p .. 'o:' .. rows[i])
    for j = 1, #owned, 2 do
      answer[#answer + 1] = rows[i]
      answer[#answer + 1] = owned[j]
      answer[#answer + 1] = owned[j + 1]
    end
  end
  return answer
end
return redis.error_reply('ERR unknown operation ' .. op)
