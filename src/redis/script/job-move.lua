-- Around a script of BullMQ that hands out a job, and may end another: `move`, with its keys and arguments. Behind these stand
-- the key of `meta`; the channel of who waits for the job that ends, or '' for none, what that one is told, and the key of a
-- cancel, which has come too late. So the end of a job is told as it comes true. A job that is handed out comes with the
-- token of its run, the fifth of the answer, behind all that BullMQ reads.
local channel, message, cancel
meta, channel, message, cancel = unpack(ARGV, #ARGV - 3)
local answer = move()
if channel ~= '' and not (type(answer) == 'number' and answer < 0) then
  call('PUBLISH', channel, message)
  call('DEL', cancel)
end
if type(answer) == 'table' and answer[1] ~= 0 then answer[5] = mint(call('HGET', meta, 'seq')) end
return answer
