-- Around a script of BullMQ that hands out a job, and may end another: `move`, with its keys and arguments. Ours are
-- the key of `meta`; and of the job that ends its id, the channel of who waits for it, or '' for none, what that one is told, and
-- the keys of a cancel, which has come too late ('': no job ends), of those who share it, and the one that has its id by what it is
-- known by; '' for what there is not. So the end of a job is told as it comes true, and leaves nothing, whoever dies behind it.
-- A job that is handed out comes with the token of its run, the fifth of the answer, behind all that BullMQ reads.
-- Last stands the marker that wakes who waits for jobs, for Active alone; else ''. Not for Finished, because with a job that it
-- hands out BullMQ forgets when a delayed one is due, and by the mark learns it anew.
local job, channel, message, cancel, sharers, named, marker
meta, job, channel, message, cancel, sharers, named, marker = unpack(own)
-- A first write that takes no room, because the engine lets a script that has written go on, also while it is full: of jobs, say, of
-- which nobody could take one then.
if marker ~= '' then call('PERSIST', meta) end
local answer = move()
if cancel ~= '' and not (type(answer) == 'number' and answer < 0) then
  if channel ~= '' then call('PUBLISH', channel, message) end
  call('DEL', cancel)
  if sharers ~= '' then call('DEL', sharers) end
  if named ~= '' and call('GET', named) == job then call('DEL', named) end
end
if type(answer) == 'table' and answer[1] ~= 0 then
  answer[5] = mint(call('HGET', meta, 'seq'))
  -- None waits, nor is to come at a time: the sixth says so. BullMQ has marked that there may be more to take, and would look for
  -- them in vain, now and once more, woken by that mark. Whoever adds a job marks it anew. Where one is to come at a time, the
  -- mark stays, as by it somebody learns when.
  if marker ~= '' and call('LLEN', KEYS[1]) + call('ZCARD', KEYS[3]) + call('ZCARD', KEYS[7]) == 0 then
    call('ZREM', marker, '0')
    answer[6] = 1
  end
end
return answer
