-- Several calls of `one`, a script of BullMQ with what is done around it: in one message, because each message costs the engine as much as
-- a script does. Each call has its keys, its arguments, and what is ours. Answered are all of them, and of those that failed why.
local answers, failed = {}, {}
for nth, given in ipairs(cmsgpack.unpack(ARGV[1])) do
  local done, answer = pcall(one, given[1][1], given[1][2], given[2])
  local why = type(answer) == 'table' and answer.err or not done and tostring(answer)
  if why then
    -- None of them is done here, and the client knows what that means.
    if why:find('READONLY', 1, true) == 1 then return redis.error_reply(why) end
    failed[#failed + 1] = nth .. ' ' .. why
    answer = nil
  end
  -- By nil the answers would end.
  if answer == nil then answer = false end
  answers[nth] = answer
end
return { answers, failed }
