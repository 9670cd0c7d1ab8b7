-- Sends requests out of a file, in turn, again from the start after the last.
local requests, at = {}, 0

function init(args)
	local file = assert(io.open(args[1], "rb"))
	for request in file:read("*a"):gmatch("[^%z]+") do requests[#requests + 1] = request end
	file:close()
end

function request()
	at = at % #requests + 1
	return requests[at]
end

function done(summary)
	local e = summary.errors
	io.write(string.format("\nanswers=%d microseconds=%d errors=%d\n", summary.requests, summary.duration,
		e.connect + e.read + e.write + e.status + e.timeout))
end
