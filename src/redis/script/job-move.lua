-- Around a script of BullMQ that hands out a job, and may end another: `move`, with its keys and arguments. Behind these stand
-- the key of `meta`; and of the job that ends its id, the channel of who waits for it, or '' for none, what that one is told, and
-- the keys of a cancel, which has come too late ('': no job ends), of those who share it, and the one that has its id by what it is
-- known by; '' for what there is not. So the end of a job is told as it comes true, and leaves nothing, whoever dies behind it.
-- A job that is handed out comes with the token of its run, the fifth of the answer, behind all that BullMQ reads.
local job, channel, message, cancel, sharers, named
meta, job, channel, message, cancel, sharers, named = unpack(ARGV, #ARGV - 6)
local answer = move()
if cancel ~= '' and not (type(answer) == 'number' and answer < 0) then
  if channel ~= '' then call('PUBLISH', channel, message) end
  call('DEL', cancel)
  if sharers ~= '' then call('DEL', sharers) end
  if named ~= '' and call('GET', named) == job then call('DEL', named) end
end
if type(answer) == 'table' and answer[1] ~= 0 then answer[5] = mint(call('HGET', meta, 'seq')) end
return answer
