-- Around a script of BullMQ that hands out a job, and may end another: `move`, with its keys and arguments. Behind these stand
-- the key of `meta`; the channel of who waits for the job that ends, or '' for none, what that one is told, and the key of a
-- cancel, which has come too late; and the marker that wakes who waits for jobs, or ''. So the end of a job is told as it
-- comes true. A job that is handed out comes with the token of its run, the fifth of the answer, behind all that BullMQ reads.
local channel, message, cancel, marker
meta, channel, message, cancel, marker = unpack(ARGV, #ARGV - 4)
local answer = move()
if channel ~= '' and not (type(answer) == 'number' and answer < 0) then
  call('PUBLISH', channel, message)
  call('DEL', cancel)
end
if type(answer) == 'table' and answer[1] ~= 0 then
  answer[5] = mint(call('HGET', meta, 'seq'))
  -- No other waits: the sixth says when the next one is due, 0 for none. BullMQ has marked that there may be more to take, and
  -- would look for them in vain, now and once more, woken by that mark. Whoever adds a job marks it anew.
  if marker ~= '' and call('LLEN', KEYS[1]) == 0 and call('ZCARD', KEYS[3]) == 0 then
    call('ZREM', marker, '0')
    local due = call('ZRANGE', KEYS[7], 0, 0, 'WITHSCORES')[2]
    answer[6] = due and math.floor(due / 4096) or 0
  end
end
return answer
