-- Around BullMQ's script that ends a schedule, and answers 1 where there is none: `move`, with its keys and arguments. Behind these
-- stands a key of the call's own: sent again, as the answer was lost, it is answered as before. Of two calls at once only one ends it.
local asked = table.remove(ARGV)
if redis.call('EXISTS', asked) == 1 then return 0 end
local answer = move()
if answer == 0 then redis.call('SET', asked, '1', 'PX', '3600000') end
return answer
