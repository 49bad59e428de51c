-- Around a script of BullMQ that adds a job: `move`, with its keys and arguments. One that is the timer of an id has in its options the
-- key that says which job that is. It takes the place of the earlier in this very call, because whoever is killed between two would
-- leave both. An earlier one that has begun is let be. One that may be gone as soon as it has ended, or is replaced, has there the key
-- that says what it was answered: sent again, as that was lost, it is answered the same.
local extra = ARGV[3]:find('timer', 1, true) or ARGV[3]:find('added', 1, true)
local options = extra and cmsgpack.unpack(ARGV[3])
if not options or not (options.timer or options.added) then return move() end
local call, job = redis.call, cmsgpack.unpack(ARGV[1])
local queue, id = job[1], job[2]
if options.added then
  local answer = call('GET', options.added)
  if answer then return answer end
end
local isNew = call('EXISTS', queue .. id) == 0
local answer = move()
if options.added then call('SET', options.added, answer, 'PX', '3600000') end
-- Sent again: others may have taken its place since.
if not isNew or not options.timer then return answer end
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
