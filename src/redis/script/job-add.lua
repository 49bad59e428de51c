-- Around a script of BullMQ that adds a job: `move`, with its keys and arguments. One that is the timer of an id has in its options the
-- key that says which job that is. It takes the place of the earlier in this very call, because whoever is killed between two would
-- leave both. An earlier one that has begun is let be.
local options = ARGV[3]:find('timer', 1, true) and cmsgpack.unpack(ARGV[3])
if not options or not options.timer then return move() end
local call, job = redis.call, cmsgpack.unpack(ARGV[1])
local queue, id = job[1], job[2]
-- Sent again, as the answer was lost: others may have taken its place since.
if call('EXISTS', queue .. id) == 1 then return move() end
local answer = move()
local known = call('GET', options.timer)
if known then
  local taken = 0
  for _, name in ipairs({ 'delayed', 'prioritized' }) do taken = taken + call('ZREM', queue .. name, known) end
  for _, name in ipairs({ 'wait', 'paused' }) do taken = taken + call('LREM', queue .. name, 1, known) end
  if taken > 0 then call('DEL', queue .. known, queue .. known .. ':logs') end
end
-- As long as it can be replaced: until it begins, but for a week behind its time at most.
call('SET', options.timer, id, 'PX', string.format('%.0f', (options.delay or 0) + 604800000))
return answer
